internal import Glibc

/// Puts the client's name for a model back into a response while its body passes.
///
/// Only the model's own field is changed, at the top of the body or of an event and in the
/// envelopes of streamed events; text that a model wrote is not. No more is held back than the
/// part of a name that a chunk's end cut.
public struct ModelNameRewriter: Sendable {
  private var scanner: ResponseScanner
  /// Both as they stand in JSON, without quotes.
  private let target: [UInt8]
  private let client: [UInt8]
  /// Bytes of the target's name that ended the last chunk and were held back; nil outside of one.
  private var held: Int?

  /// - Parameters:
  ///   - target: The name that the engine answers with.
  ///   - client: The name that the client asked for.
  public init(_ format: ResponseFormat, target: String, client: String) {
    scanner = ResponseScanner(format)
    self.target = Self.inJSON(target)
    self.client = Self.inJSON(client)
  }

  private static func inJSON(_ name: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.string(name)
    return Array(writer.bytes.dropFirst().dropLast())
  }

  /// What goes on in place of `chunk`; nil when that is `chunk` itself.
  public mutating func rewrite(_ chunk: UnsafeRawBufferPointer) -> [UInt8]? {
    guard !chunk.isEmpty else { return nil }
    var output = Output()
    if let held {
      // The opening quote went on with the last chunk.
      output.isChanged = true
      compare(chunk, from: 0, matched: held, &output)
    }
    var index = 0
    while let event = scanner.next(chunk, from: &index) {
      if event == .model { compare(chunk, from: index, matched: 0, &output) }
    }
    guard output.isChanged else { return nil }
    output.bytes.append(contentsOf: chunk[output.done...])
    return output.bytes
  }

  /// What was held back when the body ends.
  public mutating func finish() -> [UInt8] {
    defer { held = nil }
    return Array(target.prefix(held ?? 0))
  }

  /// What a chunk becomes.
  private struct Output {
    var bytes: [UInt8] = []
    /// Bytes of the chunk that are among them, replaced or held back.
    var done = 0
    var isChanged = false

    mutating func append(_ chunk: UnsafeRawBufferPointer, until end: Int) {
      bytes.append(contentsOf: chunk[done..<end])
      done = end
      isChanged = true
    }
  }

  /// Compares text that begins at `start` with the target's name, of which `matched` bytes were
  /// there before.
  private mutating func compare(
    _ chunk: UnsafeRawBufferPointer, from start: Int, matched: Int, _ output: inout Output
  ) {
    held = nil
    let end = min(start + target.count - matched, chunk.count)
    let isEqual = target[matched...].prefix(end - start).elementsEqual(chunk[start..<end])
    if isEqual, end == chunk.count {
      // The rest of the name, or its closing quote, may be in the next chunk.
      output.append(chunk, until: start)
      output.done = end
      held = matched + end - start
    } else if isEqual, chunk[end] == UInt8(ascii: "\"") {
      output.append(chunk, until: start)
      output.bytes.append(contentsOf: client)
      output.done = end
    } else {
      output.bytes.append(contentsOf: target[..<matched])
    }
  }
}
