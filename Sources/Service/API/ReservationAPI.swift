import KVIndexer
import Tokenize

/// `POST /v1/reservations` and `DELETE /v1/reservations/{id}`: claims on prompts in flight.
extension IndexerAPI {
  func reserve(_ request: borrowing HTTPRequest) throws(HTTPError) -> HTTPResponse {
    let body: ReservationRequest
    do throws(RequestBodyError) {
      body = try ReservationRequest(parsing: request.body)
    } catch {
      throw HTTPError(error)
    }
    _ = try resolve(model: body.model, among: membership.members)
    let claim: (lifetime: UInt64, blocks: Int)
    do throws(ReservationError) {
      claim = try reserve(body)
    } catch {
      throw HTTPError(error, endpoint: body.endpoint)
    }
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
    _ body: ReservationRequest
  ) throws(ReservationError) -> (lifetime: UInt64, blocks: Int) {
    let found: Result<PromptKeys.Namespace, ReservationError> = fleet.read { fleet in
      do throws(ReservationError) {
        return .success(try fleet.namespace(ofEndpoint: body.endpoint))
      } catch {
        return .failure(error)
      }
    }
    let prompt = PromptKeys(
      tokens: body.tokens, lora: body.lora, extra: extraDigests(cacheSalt: body.cacheSalt),
      namespaces: [try found.get()], hasher: fleet.hasher)
    let lifetime = body.lifetimeMilliseconds.map { UInt64($0) * 1_000_000 }
    let now = MonotonicClock.nowNanoseconds()
    let made: Result<(lifetime: UInt64, blocks: Int), ReservationError> = fleet.write { fleet in
      do throws(ReservationError) {
        return .success(
          try fleet.reserve(
            body.requestID, endpoint: body.endpoint, prompt: prompt, now: now, lifetime: lifetime))
      } catch {
        return .failure(error)
      }
    }
    return try made.get()
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
