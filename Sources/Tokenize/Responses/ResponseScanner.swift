internal import Glibc

/// Finds the fields of interest in a response's body, whichever its format is.
///
/// Of an event stream it takes the lines of `data`, whose ends are line feeds, with or without a
/// carriage return before. An empty line ends an event, and whatever was unfinished in it.
struct ResponseScanner: Sendable {
  private enum Line {
    /// So many bytes of `data:` were there.
    case prefix(Int)
    case data
    case skipped
  }

  private static let prefix: StaticString = "data:"

  private let format: ResponseFormat
  private var fields = ResponseFieldScanner()
  private var line = Line.prefix(0)

  init(_ format: ResponseFormat) { self.format = format }

  /// Moves `index` to behind the next event; to the end of `chunk` when there is none.
  mutating func next(
    _ chunk: UnsafeRawBufferPointer, from index: inout Int
  ) -> ResponseFieldScanner.Event? {
    guard format == .eventStream else { return fields.next(chunk, from: &index) }
    while index < chunk.count {
      switch line {
      case .prefix(let matched): take(chunk[index], matched, &index)
      case .skipped:
        index = Self.lineEnd(chunk, from: index)
        endLine(chunk, &index)
      case .data:
        let end = Self.lineEnd(chunk, from: index)
        let data = UnsafeRawBufferPointer(rebasing: chunk[..<end])
        if let event = fields.next(data, from: &index) { return event }
        endLine(chunk, &index)
      }
    }
    return nil
  }

  /// Takes a byte at the beginning of a line.
  private mutating func take(_ byte: UInt8, _ matched: Int, _ index: inout Int) {
    index += 1
    let isEnd = byte == UInt8(ascii: "\n")
    if matched == 0, isEnd || byte == UInt8(ascii: "\r") { fields.reset() }
    if isEnd {
      line = .prefix(0)
    } else if byte != Self.prefix.utf8Start[matched] {
      line = .skipped
    } else if matched + 1 == Self.prefix.utf8CodeUnitCount {
      line = .data
    } else {
      line = .prefix(matched + 1)
    }
  }

  private mutating func endLine(_ chunk: UnsafeRawBufferPointer, _ index: inout Int) {
    guard index < chunk.count else { return }
    index += 1
    line = .prefix(0)
  }

  /// The next line feed, or the end.
  private static func lineEnd(_ chunk: UnsafeRawBufferPointer, from index: Int) -> Int {
    guard let start = chunk.baseAddress,
      let found = memchr(start + index, Int32(UInt8(ascii: "\n")), chunk.count - index)
    else { return chunk.count }
    return UnsafeRawPointer(found) - start
  }
}
