package import KVIndexer

/// A sibling that follows the same engines under the same hash key.
package struct PeerConfiguration: Sendable, Equatable {
  package var server: HTTPClient.Server
  package var security: HTTPClient.Security

  package init(
    server: HTTPClient.Server, security: HTTPClient.Security = HTTPClient.Security()
  ) {
    self.server = server
    self.security = security
  }
}

/// Snapshots that siblings give over the API.
package enum PeerSnapshots {
  private static var limits: HTTPClient.Limits {
    var limits = HTTPClient.Limits()
    limits.totalTimeout = .seconds(120)
    limits.bodyBytesMax = 16 << 30
    return limits
  }

  /// Why a sibling gave nothing that can be used.
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// What one sibling knows now.
  package static func fetch(_ peer: PeerConfiguration) throws -> SnapshotImage {
    var client = try HTTPClient(peer.server, security: peer.security, limits: limits)
    let reply = try client.get("/v1/snapshot")
    guard reply.status == 200 else {
      throw Failure(description: "it answers \(reply.status): \(reply.text.prefix(200))")
    }
    return try SnapshotImage(reply.body)
  }

  /// What the first sibling that answers knows; nil when none does.
  static func first(of peers: [PeerConfiguration], _ log: Log) -> FoundSnapshot? {
    for peer in peers {
      do {
        return FoundSnapshot(origin: "\(peer.server)", image: try fetch(peer))
      } catch {
        log(.warning, "\(peer.server): no snapshot from this peer: \(error)")
      }
    }
    return nil
  }
}

extension HTTPClient.Server: CustomStringConvertible {
  package var description: String {
    switch self {
    case .url(let url): url
    case .unix(let path): "unix:\(path)"
    }
  }
}
