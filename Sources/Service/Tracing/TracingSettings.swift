/// Where spans go, and of which requests there are any.
package struct TracingSettings: Sendable, Equatable {
  package var server: HTTPClient.Server
  /// From its first slash on.
  package var path: String
  /// Share of the requests to record whose sender has not decided it, in [0, 1].
  package var share = 0.01
  /// Names the process in every span.
  package var serviceName = "kvindexer"

  // Bounds of the exporter:
  /// Spans that wait to be sent.
  package var queueMax = 8192
  package var batchMax = 512
  /// How long a span waits for others to go with it.
  package var interval = Duration.seconds(1)
  package var timeout = Duration.seconds(10)
  /// Of one batch.
  package var attemptsMax = 5
  /// Before the second attempt; each pause is twice the one before.
  package var retryPause = Duration.seconds(1)

  /// Reads a collector's URL; without a path spans go to `/v1/traces`, as OpenTelemetry has it.
  package init?(url: String) {
    guard let scheme = ["http://", "https://"].first(where: { url.hasPrefix($0) }) else {
      return nil
    }
    let rest = url.dropFirst(scheme.count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let path = String(rest[slash...])
    guard slash > rest.startIndex, !rest.contains(where: \.isWhitespace),
      let server = HTTPClient.Server(scheme + rest[..<slash])
    else { return nil }
    self.server = server
    self.path = path.count > 1 ? path : "/v1/traces"
  }
}
