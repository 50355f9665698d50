import Foundation
package import Simulation

/// The messages of one event source in a recording, in the order in which they came.
package struct RecordedStream: Sendable {
  package struct Message: Sendable {
    package var sequence: UInt64
    /// Seconds since 1970.
    package var time: Double
    package var payload: [UInt8]
  }

  /// The file's name without its extension: the source's name where nothing better is known.
  package var name: String
  /// The engine's HTTP port, from the file's name; nil where the recording has one engine only.
  package var server: Int?
  /// The data-parallel rank, from the file's name.
  package var rank: Int
  package var messages: [Message]
  /// Lines that are no event messages: requests for a replay, its end marker, malformed ones.
  package var skippedLines = 0

  /// Reads the streams of a recording: a directory, or one file of frames.
  ///
  /// `frames-PORT.jsonl` is the engine on that port, `frames-dpR.jsonl` rank R, `frames.jsonl` the
  /// only engine's rank 0. A directory without such files is taken as one stream a file.
  package static func read(from path: String) throws(InputFileError) -> [RecordedStream] {
    var streams: [RecordedStream] = []
    for file in try files(at: path) { streams.append(try stream(from: file)) }
    return streams
  }

  private static func files(at path: String) throws(InputFileError) -> [String] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw InputFileError(file: path, reason: "no such file or directory")
    }
    if !isDirectory.boolValue { return [path] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let frames = names.filter { $0.hasPrefix("frames") && $0.hasSuffix(".jsonl") }
    let others = names.filter {
      $0.hasSuffix(".jsonl") && !["requests.jsonl", "kv_event_sources.jsonl"].contains($0)
    }
    let chosen = (frames.isEmpty ? others : frames).sorted()
    guard !chosen.isEmpty else {
      throw InputFileError(file: path, reason: "holds no frames.jsonl or other recorded frames")
    }
    return chosen.map { path + "/" + $0 }
  }

  private static func stream(from file: String) throws(InputFileError) -> RecordedStream {
    let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    let suffix = name.hasPrefix("frames-") ? String(name.dropFirst("frames-".count)) : ""
    var stream = RecordedStream(
      name: name, server: Int(suffix),
      rank: suffix.hasPrefix("dp") ? Int(suffix.dropFirst(2)) ?? 0 : 0,
      messages: [])
    for message in try RecordedFrames.read(from: file) {
      let frames = MultipartMessage(message.frames)
      let kind: EventMessage =
        switch message.direction {
        case nil: .live(frames)
        case .received: .replay(frames)
        case .sent: .malformed
        }
      if case .batch(let sequence, let payload, _) = kind {
        stream.messages.append(
          Message(
            sequence: sequence, time: message.time, payload: message.frames[payload]))
      } else {
        stream.skippedLines += 1
      }
    }
    return stream
  }
}
