import Service

/// What a demo wrote, and the clock of a user who never stops it.
final class Transcript: @unchecked Sendable {
  private let lock = Lock()
  private let condition = ConditionLock()
  private var written = ""

  var text: String { lock.withLock { written } }

  func output(isTerminal: Bool) -> DemoOutput {
    DemoOutput(isTerminal: isTerminal) { text in self.lock.withLock { self.written += text } }
  }

  /// Lets the time pass; nobody broadcasts.
  func pass(_ duration: Duration?) -> Bool {
    let nanoseconds = UInt64((duration ?? .zero) / .nanoseconds(1))
    let deadline = MonotonicClock.nowNanoseconds() + nanoseconds
    condition.withLock { while condition.wait(untilNanoseconds: deadline) {} }
    return false
  }

  /// Does what every printed `curl … URL/PATH [-d 'BODY']` does.
  func performExamples() throws -> [(line: String, reply: HTTPClient.Reply)] {
    try text.split(separator: "\n").filter { $0.contains("curl -s") }.map { line in
      let words = line.split(separator: " ", maxSplits: 4)
      let url = words[2].dropFirst("http://".count)
      let slash = url.firstIndex(of: "/") ?? url.endIndex
      var client = try HTTPClient(.url("http://\(url[..<slash])"))
      let path = String(url[slash...])
      guard words.count == 5 else { return (String(line), try client.get(path)) }
      let body = Array(words[4].dropFirst().dropLast().utf8)
      let reply = try client.post(
        path, body: body, contentType: "application/x-www-form-urlencoded")
      return (String(line), reply)
    }
  }
}
