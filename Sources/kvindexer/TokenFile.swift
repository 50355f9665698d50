import Foundation
import Service

/// A file of bearer tokens, one a line, where `#` begins a comment.
enum TokenFile {
  /// The first token of a file: the one that we send.
  static func first(in file: String) throws -> String {
    let text = String(decoding: try FileBytes.read(file, atMost: 1 << 20), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    guard let token = lines.first(where: { !$0.isEmpty && !$0.hasPrefix("#") }) else {
      throw UsageError(message: "\(file) holds no token")
    }
    return token
  }
}
