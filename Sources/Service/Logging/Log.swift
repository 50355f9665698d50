import Glibc

/// Writes one line an occurrence to standard error, with the time and a level.
///
/// Nothing is logged per request, and never a prompt, a token or a body.
package struct Log: Sendable {
  package enum Level: Int, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error

    package static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

    var name: String {
      switch self {
      case .debug: "debug"
      case .info: "info"
      case .warning: "warning"
      case .error: "error"
      }
    }
  }

  private let minimum: Level
  private let write: @Sendable (String) -> Void

  /// A log of everything from `minimum` on.
  package init(
    minimum: Level = .info, to write: @escaping @Sendable (String) -> Void = Log.standardError
  ) {
    self.minimum = minimum
    self.write = write
  }

  package func callAsFunction(_ level: Level, _ message: @autoclosure () -> String) {
    guard level >= minimum else { return }
    write("\(Self.timestamp()) \(level.name): \(message())\n")
  }

  @Sendable
  package static func standardError(_ line: String) {
    StandardStream.write(line, to: STDERR_FILENO)
  }

  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let milliseconds = now.tv_nsec / 1_000_000
    let padding = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
    return """
      \(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\
      \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(padding)\(milliseconds)Z
      """
  }
}

/// Standard output as it is needed by commands that run for long: unbuffered, from any thread.
package enum StandardOutput {
  package static func write(_ text: String) { StandardStream.write(text, to: STDOUT_FILENO) }
}

private enum StandardStream {
  static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
        // There is nowhere else to say that the stream itself can't be written.
        guard written > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
    }
  }
}
