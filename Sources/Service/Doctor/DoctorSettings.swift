/// How endpoints are examined.
package struct DoctorSettings: Sendable {
  /// Who turns text into tokens.
  package enum Rendering: Sendable, Equatable {
    /// Each endpoint its own.
    case endpoints
    case server(HTTPClient.Server)
    /// Nobody: only token ids are looked up.
    case off
  }

  /// A running indexer that is asked too.
  package struct Witness: Sendable {
    package var server: HTTPClient.Server
    package var security: HTTPClient.Security

    package init(server: HTTPClient.Server, security: HTTPClient.Security) {
      self.server = server
      self.security = security
    }
  }

  /// The time of a step, and of a request.
  package var timeout = Duration.seconds(10)
  /// Whether short requests are sent to the engines.
  package var sendsProbes = true
  package var rendering = Rendering.endpoints
  /// The LoRA adapter that is examined; nil for the first that an engine lists.
  package var adapter: String?
  /// How the engines let us in.
  package var engineSecurity = HTTPClient.Security()
  package var witness: Witness?
  /// Endpoints at a time.
  package var parallelMax = 8

  package init() {}
}
