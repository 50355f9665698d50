/// Reads the metrics of endpoints.
///
/// Parameters and defaults are those of llm-d's `metrics-data-source`.
public struct MetricsDataSource: Plugin, Equatable {
  public static let type = "metrics-data-source"

  /// `http` or `https`.
  public var scheme = "http"
  public var path = "/metrics"
  /// Nil for the endpoint's own port.
  public var port: UInt16?
  /// Whether a certificate is believed unseen.
  public var insecureSkipVerify = true
  public var caFile: String?
  public var clientCertificateFile: String?
  public var clientKeyFile: String?
  /// The shortest time between two reads of an endpoint; nil for the flag's.
  public var interval: Duration?

  /// A source with the default parameters.
  public init() {}
}
