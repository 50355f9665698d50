import KVIndexer
import Tokenize

/// `POST /v1/score`: how much of a prompt, or of several, each endpoint would reuse.
extension IndexerAPI {
  func score(_ request: borrowing HTTPRequest, _ reply: HTTPReply) {
    let start = MonotonicClock.nowNanoseconds()
    guard let client = admit(request, reply) else { return }
    let body = request.body
    let parent = tracer == nil ? nil : request.header(TraceContext.header)
    do throws(RequestBodyError) {
      if ScoreBatchRequest.matches(body) {
        let batch = try ScoreBatchRequest(parsing: body)
        let requests = batch.requests.map { $0.mapError { HTTPError($0) } }
        let deadline = scorer.deadline(batch.deadlineMilliseconds, from: start)
        scorer.score(requests, start: start, deadline: deadline) { [admission] results in
          admission.leave(client: client)
          reply.send(Self.response(results, to: requests))
        }
        return
      }
      let trace = tracer?.begin(parent, start: start)
      let request = try ScoreRequest(parsing: body)
      let deadline = scorer.deadline(request.deadlineMilliseconds, from: start)
      scorer.score(request, start: start, deadline: deadline) { [admission] result in
        admission.leave(client: client)
        reply.send(Self.response(result, detail: request.detail))
        trace?.scored(result)
      }
    } catch {
      admission.leave(client: client)
      scorer.reject()
      reply.send(HTTPResponse(HTTPError(error)))
    }
  }

  private static func response(
    _ result: Result<ScoreAnswer, HTTPError>, detail: Bool
  ) -> HTTPResponse {
    switch result {
    case .failure(let error): return HTTPResponse(error)
    case .success(let answer):
      var json = JSONWriter(capacity: answer.likelyBytes)
      answer.write(to: &json, detail: detail)
      return HTTPResponse(json: json)
    }
  }

  private static func response(
    _ results: [Result<ScoreAnswer, HTTPError>], to requests: [Result<ScoreRequest, HTTPError>]
  ) -> HTTPResponse {
    var json = JSONWriter(capacity: 4096)
    json.object { json in
      json.field("results") { json in
        json.array { json in
          for (request, result) in zip(requests, results) {
            switch (request, result) {
            case (.success(let request), .success(let answer)):
              answer.write(to: &json, detail: request.detail)
            case (.failure(let error), _), (_, .failure(let error)): error.write(to: &json)
            }
          }
        }
      }
    }
    return HTTPResponse(json: json)
  }

  // MARK: llm-d-kv-cache

  /// `POST /score_completions` and `POST /score_chat_completions`, as the examples of
  /// llm-d-kv-cache answer them: an object of scores by pod, without those that hold nothing.
  func scoreLikeLLMD(
    _ api: InferenceAPI, _ request: borrowing HTTPRequest, _ reply: HTTPReply
  ) {
    let start = MonotonicClock.nowNanoseconds()
    guard let client = admit(request, reply) else { return }
    let query = ScoreRequest(prompt: .body(api, request.body))
    let deadline = scorer.deadline(nil, from: start)
    scorer.score(query, start: start, deadline: deadline) { [admission] result in
      admission.leave(client: client)
      switch result {
      case .failure(let error): reply.send(HTTPResponse(error))
      case .success(let answer):
        var json = JSONWriter()
        json.object { json in
          for endpoint in answer.endpoints where endpoint.matchedTokens > 0 {
            json.field(endpoint.member.name, endpoint.llmdScore)
          }
        }
        reply.send(HTTPResponse(json: json))
      }
    }
  }

  // MARK: Admission

  /// Counts a request in, or answers it itself when there are too many.
  ///
  /// - Returns: The client that has to leave `admission` once it is answered.
  func admit(_ request: borrowing HTTPRequest, _ reply: HTTPReply) -> String? {
    let client = request.client
    guard let refusal = admission.enter(client: client) else { return client }
    scorer.reject()
    reply.send(HTTPResponse(HTTPError(refusal)))
    return nil
  }
}
