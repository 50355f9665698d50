import Foundation
package import Simulation

/// What a recording's `server.json` says of the engine, as far as a replay needs it.
package struct RecordedServer: Decodable, Sendable {
  /// Lines of the metric `vllm:cache_config_info`, whose labels are the engine's settings.
  private var cacheConfiguration: [String]?

  private enum CodingKeys: String, CodingKey {
    case cacheConfiguration = "cache_config"
  }

  /// Tokens a block; nil where the recording does not say.
  package var blockSize: Int? {
    for line in cacheConfiguration ?? [] {
      // Other labels end in the same words, so what comes before counts.
      for label in line.split(whereSeparator: { $0 == "{" || $0 == "," }) {
        let parts = label.split(separator: "\"", omittingEmptySubsequences: false)
        if parts.count > 1, parts[0] == "block_size=" { return Int(parts[1]) }
      }
    }
    return nil
  }

  /// Reads the file; nil when there is none, as in recordings of several engines.
  package static func read(from file: String) throws(InputFileError) -> RecordedServer? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    do {
      let contents = try Data(contentsOf: URL(fileURLWithPath: file))
      return try JSONDecoder().decode(RecordedServer.self, from: contents)
    } catch {
      throw InputFileError(file: file, reason: "can't be read: \(error)")
    }
  }
}
