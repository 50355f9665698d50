import KVIndexer

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

  /// What one sibling knows now, in a file without a name.
  ///
  /// It is written while it comes, and not looked at: whether it is whole shows when it is read.
  package static func fetch(_ peer: PeerConfiguration) throws -> SnapshotFile {
    let file = try SnapshotFile(receivingFrom: "\(peer.server)")
    var client = try HTTPClient(peer.server, security: peer.security, limits: limits)
    var failure: SystemError?
    let reply: HTTPClient.Reply
    do {
      reply = try client.get("/v1/snapshot") { piece in
        do throws(SystemError) {
          try file.append(piece)
        } catch {
          failure = error
        }
        return failure == nil
      }
    } catch {
      throw failure ?? error
    }
    guard reply.status == 200 else {
      throw Failure(description: "it answers \(reply.status): \(reply.text.prefix(200))")
    }
    return file
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
