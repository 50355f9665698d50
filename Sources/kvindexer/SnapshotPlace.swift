import Glibc
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

  /// Why there is no snapshot, with the place and what to do.
  struct Unusable: Error, CustomStringConvertible {
    var description: String
  }

  /// Reads the options that say how services let us in.
  static func security(_ arguments: inout Arguments) throws -> HTTPClient.Security {
    var security = HTTPClient.Security()
    security.authorityFile = try arguments.option("--ca-file")
    security.bearerToken = try arguments.option("--token-file").map { try TokenFile.first(in: $0) }
    return security
  }

  /// - Parameter text: A URL, a file, or a directory of `serve --state-dir`.
  init(_ text: String, _ security: HTTPClient.Security) {
    if let server = HTTPClient.Server(text) {
      self = .service(PeerConfiguration(server: server, security: security))
    } else {
      self = .file(Self.isDirectory(text) ? "\(text)/snapshot" : text)
    }
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  var isFile: Bool {
    if case .file = self { true } else { false }
  }

  /// Reads what is there now.
  ///
  /// - Throws: `Unusable`.
  func read<R>(_ body: (SnapshotFile) throws -> R) throws -> R {
    do {
      return try body(file())
    } catch let error as SnapshotError {
      throw Unusable(description: sentence(error))
    } catch let error as SystemError {
      throw Unusable(description: "\(error)")
    } catch {
      throw Unusable(description: "\(self): no snapshot from there: \(error)")
    }
  }

  private func file() throws -> SnapshotFile {
    switch self {
    case .file(let path): try SnapshotFile(path)
    case .service(let peer): try PeerSnapshots.fetch(peer)
    }
  }

  private func sentence(_ error: SnapshotError) -> String {
    switch (error, self) {
    case (.notASnapshot, .file):
      "\(self) is no snapshot of an index: give the directory of `serve --state-dir`, the file "
        + "'snapshot' in it, or the URL of a running service"
    case (.notASnapshot, .service):
      "\(self) answers something else than a snapshot: give the URL of `serve --listen`"
    case (.otherVersion, _):
      "\(self): \(error); the version of kvindexer that wrote it can read it"
    case (.truncated, .file), (.damaged, .file):
      "\(self) is damaged: \(error); a service begins without it, and writes another one"
    case (.truncated, .service), (.damaged, .service):
      "\(self): what came is damaged: \(error); try again"
    case (.unreadable, _): "\(error)"
    case (.otherKey, _), (.overBudget, _): "\(self): \(error)"
    }
  }

  var description: String {
    switch self {
    case .file(let path): path
    case .service(let peer): "\(peer.server)"
    }
  }
}
