import KVIndexer
import Tokenize

/// The gRPC API: `kvindexer.v1.KVIndexer`, and `indexer.v1.IndexerService` of llm-d-kv-cache.
struct IndexerRPC: Sendable {
  let scorer: Scorer
  let admission: RequestAdmission
  let watch: FleetWatch

  static let service = "kvindexer.v1.KVIndexer"
  static let llmdService = "indexer.v1.IndexerService"

  func addRoutes(to router: inout GRPCRouter) {
    router.unary("/\(Self.service)/Score") { score($0, $1) }
    router.unary("/\(Self.service)/ScoreBatch") { scoreBatch($0, $1) }
    router.stream("/\(Self.service)/Watch") { FleetWatchCall($0, watch) }
    router.unary("/\(Self.llmdService)/GetPodScores") { podScores($0, $1) }
  }

  private func score(_ request: borrowing GRPCRequest, _ reply: GRPCReply) {
    let start = MonotonicClock.nowNanoseconds()
    answer(request, reply) { (message: ScoreRequestMessage, deadline) throws(HTTPError) in
      let query = try ScoreRequest(message)
      let due = scorer.deadline(query.deadlineMilliseconds, from: start)
      return { completion in
        scorer.score(
          query, start: start, deadline: min(due, deadline), completion: completion)
      }
    }
  }

  private func scoreBatch(_ request: borrowing GRPCRequest, _ reply: GRPCReply) {
    let start = MonotonicClock.nowNanoseconds()
    answer(request, reply) { (message: ScoreBatchRequestMessage, deadline) throws(HTTPError) in
      guard message.requests.count <= ScoreBatchRequest.requestsMax else {
        throw .invalidRequest("a batch has at most \(ScoreBatchRequest.requestsMax) requests")
      }
      let queries = message.requests.map { request in
        Result { () throws(HTTPError) in try ScoreRequest(request) }
      }
      let due = min(scorer.deadline(nil, from: start), deadline)
      return { completion in
        scorer.score(queries, start: start, deadline: due) { results in
          completion(.success(ScoreBatchAnswer(results: results)))
        }
      }
    }
  }

  /// Scores as llm-d-kv-cache counts them; a pod is named as the request names it.
  private func podScores(_ request: borrowing GRPCRequest, _ reply: GRPCReply) {
    let start = MonotonicClock.nowNanoseconds()
    answer(request, reply) { (message: PodScoresRequestMessage, deadline) throws(HTTPError) in
      let pods = message.podIdentifiers
      var query = ScoreRequest(
        prompt: .completion(message.prompt, model: message.modelName))
      query.model = message.modelName.isEmpty ? nil : message.modelName
      let due = min(scorer.deadline(nil, from: start), deadline)
      return { completion in
        scorer.score(query, start: start, deadline: due) { result in
          completion(result.map { PodScoresResponseMessage($0, pods: pods) })
        }
      }
    }
  }

  // MARK: Every call

  private typealias Completion<Response> = @Sendable (Result<Response, HTTPError>) -> Void

  /// Reads a request, and answers it with what `begin` makes of it.
  private func answer<Request: ProtobufMessage, Response: ProtobufWritable & SendableMetatype>(
    _ request: borrowing GRPCRequest, _ reply: GRPCReply,
    _ begin: (Request, _ deadline: UInt64) throws(HTTPError) -> (
      @escaping Completion<Response>
    ) -> Void
  ) {
    let client = request.client
    if let refusal = admission.enter(client: client) {
      scorer.reject()
      reply.fail(GRPCStatus(HTTPError(refusal)))
      return
    }
    do throws(HTTPError) {
      let message: Request
      do throws(ProtobufError) {
        message = try Request(parsing: request.message)
      } catch {
        throw .invalidRequest("the message can't be read: \(error)")
      }
      let run = try begin(message, request.deadlineNanoseconds ?? .max)
      run { [admission] result in
        admission.leave(client: client)
        switch result {
        case .success(let response): reply.send(response)
        case .failure(let error): reply.fail(GRPCStatus(error))
        }
      }
    } catch {
      admission.leave(client: client)
      scorer.reject()
      reply.fail(GRPCStatus(error))
    }
  }
}

extension PodScoresResponseMessage {
  /// - Parameter pods: The pods that were asked for; empty for all that hold something.
  fileprivate init(_ answer: ScoreAnswer, pods: [String]) {
    self.init()
    for endpoint in answer.endpoints {
      let name = pods.isEmpty ? endpoint.member.name : endpoint.identifier(in: pods)
      guard let name, endpoint.matchedTokens > 0 else { continue }
      var score = PodScore()
      score.pod = name
      score.score = endpoint.llmdScore
      scores.append(score)
    }
  }
}

extension GRPCStatus {
  /// The status of a request that failed: the only place that makes one of our errors.
  init(_ error: HTTPError) {
    let code: GRPCCode =
      switch error.status {
      case 400, 413: .invalidArgument
      case 401: .unauthenticated
      case 404: .notFound
      case 409: .failedPrecondition
      case 429: .resourceExhausted
      case 503: .unavailable
      default: .internal
      }
    self.init(code, error.message)
  }
}
