import KVIndexer
import Tokenize

/// `POST /v1/explain`: who would reuse how much of a prompt, and why not more.
extension IndexerAPI {
  func explain(_ request: borrowing HTTPRequest, _ reply: HTTPReply) {
    let start = MonotonicClock.nowNanoseconds()
    guard let client = admit(request, reply) else { return }
    let body: ScoreRequest
    let candidates: Set<String>?
    do throws(HTTPError) {
      body = try Self.parse(request.body)
      candidates = try scorer.candidates(body.endpoints)
    } catch {
      admission.leave(client: client)
      scorer.reject()
      reply.send(HTTPResponse(error))
      return
    }
    let hints = PromptResolver.Hints(
      model: body.model, lora: body.lora, cacheSalt: body.cacheSalt,
      deadline: scorer.deadline(body.deadlineMilliseconds, from: start))
    resolver.resolve(body.prompt, hints) { [self] resolved in
      admission.leave(client: client)
      switch resolved {
      case .failure(let error): reply.send(HTTPResponse(error))
      case .success(let prompt) where prompt.prompts.count > 1:
        reply.send(
          HTTPResponse(
            .invalidRequest("an explanation is of one prompt, not of \(prompt.prompts.count)")))
      case .success(let prompt):
        inspect(reply) {
          scorer.remember(prompt, body, candidates, since: start)
          return answer(prompt, to: body, candidates)
        }
      }
    }
  }

  private static func parse(_ body: [UInt8]) throws(HTTPError) -> ScoreRequest {
    do throws(RequestBodyError) {
      return try ScoreRequest(parsing: body)
    } catch {
      throw HTTPError(error)
    }
  }

  private func answer(
    _ prompt: ResolvedPrompt, to request: ScoreRequest, _ candidates: Set<String>?
  ) -> HTTPResponse {
    let pick = picker.current?.explain(prompt, from: request.prompt)
    let explanation = PromptExplainer(fleet: fleet, membership: membership)
      .explain(prompt, candidates: candidates, pick: pick)
    var json = JSONWriter(capacity: 8192)
    explanation.write(to: &json)
    return HTTPResponse(json: json)
  }
}
