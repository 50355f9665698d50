import Tokenize

/// `PUT` and `DELETE /v1/endpoints/{name}`: endpoints that make themselves known, each for a time.
extension IndexerAPI {
  func register(
    _ request: borrowing HTTPRequest, as name: String
  ) throws(HTTPError) -> HTTPResponse {
    let registration: RegistrationRequest
    do throws(YAMLError) {
      registration = try RegistrationRequest(
        parsing: request.body, name: name, defaults: registry.defaults)
    } catch {
      throw HTTPError(error)
    }
    let outcome: FleetMembership.Registered
    do throws(EndpointRegistry.Refusal) {
      outcome = try registry.put(registration, now: MonotonicClock.nowNanoseconds())
    } catch {
      throw HTTPError(error)
    }
    let configuration = registration.configuration
    var json = JSONWriter()
    json.object { json in
      json.field("endpoint", configuration.identity.memberName)
      json.field("address", configuration.authority)
      json.field("ranks", configuration.sources.count)
      json.field("ttl_seconds", Int(registration.lifetime.components.seconds))
      json.field("warnings") { json in
        json.array { json in
          for warning in registration.warnings { json.string(warning.place) }
        }
      }
    }
    return HTTPResponse(status: outcome == .added ? 201 : 200, json: json)
  }

  func unregister(_ name: String) throws(HTTPError) -> HTTPResponse {
    guard let identity = EndpointConfiguration.Identity(path: name),
      let member = membership.member(identity)
    else {
      throw .notFound("there is no endpoint '\(name)'", param: "name")
    }
    guard registry.delete(identity) else {
      throw HTTPError(EndpointRegistry.Refusal.conflict(.defined(member.origin)))
    }
    return HTTPResponse(status: 204, contentType: "application/json", body: [])
  }
}

extension HTTPError {
  /// The answer to a body that is no entry of an endpoints file.
  fileprivate init(_ error: YAMLError) {
    self = .invalidRequest(
      error.faults.map(\.place).joined(separator: "; "),
      param: error.faults.lazy.map(\.path).first { !$0.isEmpty })
  }

  /// The answer to a registration that can't be.
  fileprivate init(_ refusal: EndpointRegistry.Refusal) {
    switch refusal {
    case .full:
      self = .overloaded("\(EndpointRegistry.endpointsMax) endpoints are registered already")
    case .conflict(.defined(let origin)):
      let place = origin == .file ? "the endpoints file" : "the command line"
      self.init(
        status: 409, type: "conflict",
        message: "\(place) says what this endpoint is; change it there", param: "name")
    case .conflict(.address(let address, let other)):
      self.init(
        status: 409, type: "conflict",
        message:
          "\(address) is for the events of '\(other)' already; give each engine a port of its "
          + "own and say it in 'kvEvents'",
        param: "kvEvents")
    }
  }
}

extension YAMLFault {
  /// As errors of bodies say it: the place, the field, and what is wrong.
  fileprivate var place: String {
    let position = mark.map { "line \($0.line), column \($0.column): " } ?? ""
    return position + (path.isEmpty ? "" : "\(path): ") + message
  }
}

extension EndpointRegistry {
  /// The time that an endpoint has left; nil when it is there otherwise than by registration.
  func remaining(_ member: FleetMembership.Member, now: UInt64) -> Duration? {
    member.origin == .registered ? remaining(member.configuration.identity, now: now) : nil
  }
}
