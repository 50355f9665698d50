import Foundation
import Testing

/// Messages recorded from real engines, and those made for older versions.
struct EventFixture: CustomTestStringConvertible, Sendable {
  var name: String
  var payload: [UInt8]
  var testDescription: String { name }

  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("fixtures/recordings")

  /// The payloads of a JSON-lines file that publish events; its name is relative to the folder.
  static func read(_ file: String) throws -> [EventFixture] {
    struct Line: Decodable {
      var dir: String?
      var frames: [Data]
    }
    let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
    return try text.split(separator: "\n").enumerated().compactMap { index, line in
      let line = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      guard line.dir != "send", let payload = line.frames.last, payload.count > 8 else {
        return nil
      }
      return EventFixture(name: "\(file):\(index + 1)", payload: [UInt8](payload))
    }
  }

  /// Every message of every recording of vLLM 0.32, replays among them.
  static func recorded() throws -> [EventFixture] {
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
    return try files.filter { file in
      guard file.hasSuffix(".jsonl"), !file.hasPrefix("legacy_synthetic/") else { return false }
      return file.contains("/frames") || file.hasPrefix("replay/")
    }.flatMap(read)
  }

  /// One message a file name, without the extension.
  static func legacy(_ name: String) throws -> [UInt8] {
    try #require(read("legacy_synthetic/\(name).jsonl").first).payload
  }
}
