package import EPPScorer

/// An endpoint whose metrics are to be read, and where they are.
package struct ScrapeTarget: Sendable, Equatable {
  package var id: EndpointID
  package var server: HTTPClient.Server
  /// From its first slash on.
  package var path: String
  package var engine: EngineMetrics

  package init(
    id: EndpointID, server: HTTPClient.Server, path: String = "/metrics", engine: EngineMetrics
  ) {
    self.id = id
    self.server = server
    self.path = path
    self.engine = engine
  }

  /// The target of an endpoint, from what the plan says of all and the endpoints file of this one.
  ///
  /// - Parameters:
  ///   - host: The endpoint's address without brackets, and `port` its port: where its metrics are
  ///     unless something else is said.
  ///   - address: What the endpoints file says of the metrics.
  package init(
    id: EndpointID, host: String, port: UInt16, source: MetricsDataSource,
    address: MetricsAddress? = nil, engine: EngineMetrics
  ) {
    let host = address?.host?.text ?? host
    let port = address?.port ?? source.port ?? port
    let bracketed = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    self.init(
      id: id, server: .url("\(address?.scheme ?? source.scheme)://\(bracketed):\(port)"),
      path: address?.path ?? source.path, engine: engine)
  }

  var description: String {
    switch server {
    case .url(let base): base + path
    case .unix(let socket): "unix:\(socket) \(path)"
    }
  }
}
