/// Where the metrics of an endpoint are, as far as they are elsewhere than those of all.
package struct MetricsAddress: Sendable, Hashable {
  package var scheme: String?
  package var host: HostName?
  package var port: UInt16?
  /// From its first slash on.
  package var path: String?

  package init(
    scheme: String? = nil, host: HostName? = nil, port: UInt16? = nil, path: String? = nil
  ) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
  }
}
