/// How the session of a request is known.
public enum SessionSource: Equatable, Sendable {
  /// A header whose value is the base64 of the endpoint's `namespace/name`; responses set it.
  case endpointHeader(String)
  /// An id in the first of these headers that is there; who served it is remembered so long.
  case sessionID(headers: [String], timeToLiveSeconds: Int)
}
