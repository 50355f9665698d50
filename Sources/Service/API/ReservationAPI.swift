import KVIndexer
import Tokenize

/// `POST /v1/reservations` and `DELETE /v1/reservations/{id}`: claims on prompts in flight.
extension IndexerAPI {
  func reserve(_ request: borrowing HTTPRequest, _ reply: HTTPReply) {
    let start = MonotonicClock.nowNanoseconds()
    let body: ReservationRequest
    do throws(RequestBodyError) {
      body = try ReservationRequest(parsing: request.body)
    } catch {
      reply.send(HTTPResponse(HTTPError(error)))
      return
    }
    guard let client = admit(request, reply) else { return }
    let hints = PromptResolver.Hints(
      model: body.model, lora: body.lora, cacheSalt: body.cacheSalt,
      deadline: scorer.deadline(nil, from: start))
    resolver.resolve(body.prompt, hints) { [self] resolved in
      admission.leave(client: client)
      let claim = resolved.flatMap { prompt in
        Result { () throws(HTTPError) in try reserve(body, prompt) }
      }
      switch claim {
      case .success(let claim): reply.send(Self.response(claim, to: body))
      case .failure(let error): reply.send(HTTPResponse(error))
      }
    }
  }

  private typealias Claim = (lifetime: UInt64, blocks: Int)

  private static func response(_ claim: Claim, to body: ReservationRequest) -> HTTPResponse {
    var json = JSONWriter()
    json.object { json in
      json.field("request_id", body.requestID)
      json.field("endpoint", body.endpoint)
      json.field("reserved_blocks", claim.blocks)
      json.field("ttl_ms", Int(claim.lifetime / 1_000_000))
    }
    return HTTPResponse(status: 201, json: json)
  }

  private func reserve(
    _ body: ReservationRequest, _ resolved: ResolvedPrompt
  ) throws(HTTPError) -> Claim {
    guard let prompt = resolved.prompts.first, resolved.prompts.count == 1 else {
      if let reason = resolved.reason {
        throw HTTPError(
          status: 503, type: "tokens_unavailable",
          message: "a reservation needs the prompt's tokens. \(reason)")
      }
      throw .invalidRequest("a reservation is for one prompt, not for \(resolved.prompts.count)")
    }
    do throws(ReservationError) {
      let namespace = try fleet.read { fleet throws(ReservationError) in
        try fleet.namespace(ofEndpoint: body.endpoint)
      }
      let keys = fleet.keys(of: prompt, lora: resolved.lora, namespaces: [namespace])
      let lifetime = body.lifetimeMilliseconds.map { UInt64($0) * 1_000_000 }
      let now = MonotonicClock.nowNanoseconds()
      return try fleet.write { fleet throws(ReservationError) in
        try fleet.reserve(
          body.requestID, endpoint: body.endpoint, prompt: keys, now: now, lifetime: lifetime)
      }
    } catch {
      throw HTTPError(error, endpoint: body.endpoint)
    }
  }

  func cancelReservation(_ id: String) throws(HTTPError) -> HTTPResponse {
    guard fleet.write({ $0.cancelReservation(id) }) else {
      throw .notFound(
        "there is no reservation '\(id)': it was never made, or is confirmed, expired or dropped")
    }
    return HTTPResponse(status: 204, contentType: "application/json", body: [])
  }
}

extension HTTPError {
  /// The answer to a claim that can't be made.
  fileprivate init(_ error: ReservationError, endpoint: String) {
    switch error {
    case .unknownEndpoint:
      self = .notFound(
        "there is no endpoint '\(endpoint)' with KV event sources", param: "endpoint")
    case .unknownBlockSize:
      self.init(
        status: 409, type: "conflict",
        message: "the block size of '\(endpoint)' is not known before its first event; "
          + "configure kvEvents.blockSize to reserve before that",
        param: "endpoint")
    case .tableFull:
      self.init(
        status: 503, type: "overloaded",
        message: "there are \(ReservationTable.claimsMax) reservations already, or their blocks "
          + "are too many")
    }
  }
}
