import Foundation
package import Simulation

/// One ZMQ multipart message as it was sent or received, byte for byte.
package struct RecordedMessage: Sendable, Equatable {
  /// Of a replay exchange, seen from the indexer.
  package enum Direction: String, Codable, Sendable {
    case sent = "send"
    case received = "recv"
  }

  /// Seconds since 1970.
  package var time: Double
  /// Nil for what a publisher sent on its own.
  package var direction: Direction?
  package var frames: [[UInt8]]

  package init(time: Double, direction: Direction? = nil, frames: [[UInt8]]) {
    self.time = time
    self.direction = direction
    self.frames = frames
  }

  /// The line of a recording, without its line feed: `{"t":…,"frames":["<base64>",…]}`.
  package var line: String {
    let frames = frames.map { "\"\(Data($0).base64EncodedString())\"" }.joined(separator: ",")
    let direction = direction.map { "\"dir\":\"\($0.rawValue)\"," } ?? ""
    return "{\"t\":\(time),\(direction)\"frames\":[\(frames)]}"
  }
}

extension RecordedMessage: Decodable {
  private enum CodingKeys: String, CodingKey {
    case time = "t"
    case direction = "dir"
    case frames
  }

  package init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: CodingKeys.self)
    time = try line.decode(Double.self, forKey: .time)
    direction = try line.decodeIfPresent(Direction.self, forKey: .direction)
    frames = try line.decode([Data].self, forKey: .frames).map { [UInt8]($0) }
  }
}

/// The files that hold messages in the order in which they came, one JSON object a line.
package enum RecordedFrames {
  /// Reads a whole recording.
  ///
  /// - Throws: `InputFileError` with the first line at fault.
  package static func read(from file: String) throws(InputFileError) -> [RecordedMessage] {
    try JSONLines.read(RecordedMessage.self, from: file)
  }

  /// Writes a whole recording in the place of what `file` held.
  package static func write(
    _ messages: [RecordedMessage], to file: String
  ) throws(InputFileError) {
    let text = messages.map { $0.line + "\n" }.joined()
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    } catch {
      throw InputFileError(file: file, reason: "can't be written: \(error.localizedDescription)")
    }
  }
}
