/// What an endpoint is known by: unique in a pool, and the same after it moved to another address.
public struct EndpointID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var namespace: String
  public var name: String

  /// The id of one endpoint.
  public init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }

  public var description: String { "\(namespace)/\(name)" }

  public static func < (a: Self, b: Self) -> Bool {
    (a.namespace, a.name) < (b.namespace, b.name)
  }
}

/// A routable model server, as configuration describes it; shared by all requests.
public final class Endpoint: Sendable {
  public let id: EndpointID
  /// An IP address in canonical form, without brackets: gateways route to nothing else.
  public let host: String
  public let port: UInt16
  /// `host:port`, with an IPv6 address in brackets.
  public let address: String
  public let labels: [String: String]
  /// What its role label says; nil without the label.
  public let stages: Stages?

  /// An endpoint.
  public init(id: EndpointID, host: String, port: UInt16, labels: [String: String] = [:]) {
    self.id = id
    self.host = host
    self.port = port
    address = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    self.labels = labels
    stages = labels[Stages.label].map { Stages(role: $0) }
  }
}
