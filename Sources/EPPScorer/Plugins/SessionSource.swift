/// How the session of a request is known.
public enum SessionSource: Equatable, Sendable {
  /// A header whose value is the base64 of the endpoint's `namespace/name`; responses set it.
  case endpointHeader(String)
  /// An id in the first of these headers that is there; who served it is remembered so long.
  case sessionID(headers: [String], timeToLiveSeconds: Int)
}

/// A plugin that brings the requests of a session to the same endpoint.
protocol SessionKeeper: Learner {
  /// How the session is known.
  var source: SessionSource { get }
}

extension SessionSource {
  /// The endpoint that the request's session was on before; nil when it is not known.
  func home(in context: borrowing SchedulingContext) -> EndpointID? {
    switch self {
    case .endpointHeader(let header):
      return context.request.headers[header].flatMap { EndpointToken.endpoint(of: $0) }
    case .sessionID(let headers, _):
      guard let key = Self.key(headers, in: context) else { return nil }
      return context.memory.endpoint(ofSession: key, now: context.now)
    }
  }

  /// A session is known by profile: who prefills it is not who decodes it.
  private static func key(
    _ headers: [String], in context: borrowing SchedulingContext
  ) -> SessionKey? {
    for header in headers {
      if let id = context.request.headers[header], !id.isEmpty {
        return SessionKey(profile: context.profile, header: header, id: id)
      }
    }
    return nil
  }

  fileprivate func learn(
    _ profile: SchedulingResult.Profile, in context: inout SchedulingContext
  ) {
    guard case .sessionID(let headers, let seconds) = self,
      let key = Self.key(headers, in: context), let target = profile.targets.first
    else { return }
    let (nanoseconds, isForever) = UInt64(clamping: seconds)
      .multipliedReportingOverflow(by: 1_000_000_000)
    let (expiry, isLater) = context.now.addingReportingOverflow(nanoseconds)
    context.memory.noteSession(
      key, on: context.pool.candidates[target].endpoint.id,
      until: isForever || isLater ? .max : expiry, now: context.now)
  }
}

extension SessionKeeper {
  /// Notes who serves the session, where requests do not say it themselves.
  public func learn(_ profile: SchedulingResult.Profile, in context: inout SchedulingContext) {
    source.learn(profile, in: &context)
  }
}
