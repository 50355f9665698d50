import KVIndexer
import Service

/// Where a snapshot is: a file, or a running service.
enum SnapshotPlace: CustomStringConvertible {
  case file(String)
  case service(PeerConfiguration)

  static let help = """
      --token-file FILE    a file whose first token is sent to services
      --ca-file FILE       the authority that signed the services' certificates, for https
    """

  /// Reads the options that say how services let us in.
  static func security(_ arguments: inout Arguments) throws -> HTTPClient.Security {
    var security = HTTPClient.Security()
    security.authorityFile = try arguments.option("--ca-file")
    security.bearerToken = try arguments.option("--token-file").map { try TokenFile.first(in: $0) }
    return security
  }

  init(_ text: String, _ security: HTTPClient.Security) {
    if let server = HTTPClient.Server(text) {
      self = .service(PeerConfiguration(server: server, security: security))
    } else {
      self = .file(text)
    }
  }

  func read() throws -> SnapshotImage {
    switch self {
    case .file(let path): try SnapshotImage(LargeFile.read(path))
    case .service(let peer): try PeerSnapshots.fetch(peer)
    }
  }

  var description: String {
    switch self {
    case .file(let path): path
    case .service(let peer): "\(peer.server)"
    }
  }
}
