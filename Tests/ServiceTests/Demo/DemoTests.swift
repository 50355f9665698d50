import Service
import Testing

@Suite struct DemoTests {
  /// What the demo wrote, and the clock of a user who never stops it.
  private final class Transcript: @unchecked Sendable {
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
  }

  @Test(arguments: [false, true])
  func `every prediction of a short demo with evictions is equal`(isTerminal: Bool) throws {
    var options = DemoOptions()
    options.seconds = 2
    options.engines = 2
    options.usableBlocks = 66
    let transcript = Transcript()
    let status = try Demo.run(
      options: options, output: transcript.output(isTerminal: isTerminal),
      isStopped: transcript.pass)
    let text = transcript.text
    #expect(status == 0, "\(text)")
    let last = try #require(text.split(separator: "\n").last)
    let words = last.split(separator: " ")
    #expect(words.first == words[2], "\(last)")
    #expect(last.contains(" predictions equal (predicted "))
    #expect((words.first.flatMap { Int($0) } ?? 0) > 0)
    let total = try #require(text.split(separator: "\n").last { $0.hasPrefix("total ") })
    #expect(total.split(separator: " ").last != "0", "no block was evicted: \(total)")
    #expect(text.contains("\u{1b}[4A") == isTerminal)
  }

  @Test(arguments: [1, 3, 10])
  func `a demo can be stopped at any time`(call: Int) throws {
    let transcript = Transcript()
    var calls = 0
    let status = try Demo.run(
      options: DemoOptions(), output: transcript.output(isTerminal: false)
    ) { duration in
      calls += 1
      return calls >= call || transcript.pass(duration)
    }
    #expect(status == 0)
    #expect(transcript.text.contains("indexer   http://127.0.0.1:"))
  }

  @Test func `a demo that stays shows requests that work`() throws {
    var options = DemoOptions()
    options.seconds = 1
    options.engines = 2
    options.stays = true
    let transcript = Transcript()
    var replies: [(String, HTTPClient.Reply)] = []
    _ = try Demo.run(options: options, output: transcript.output(isTerminal: false)) { duration in
      guard duration == nil else { return transcript.pass(duration) }
      do {
        for line in transcript.text.split(separator: "\n") where line.contains("curl -s ") {
          replies.append((String(line), try Self.perform(line)))
        }
      } catch {
        Issue.record(error)
      }
      return true
    }
    #expect(replies.count == 6)
    for (line, reply) in replies { #expect(reply.status == 200, "\(line): \(reply.text)") }
    #expect(replies.first?.1.text.contains(#""matched_tokens":32"#) == true)
  }

  /// Does what a printed `curl -s URL/PATH [-d 'BODY']` does.
  private static func perform(_ line: Substring) throws -> HTTPClient.Reply {
    let words = line.split(separator: " ", maxSplits: 4)
    let url = words[2].dropFirst("http://".count)
    let slash = url.firstIndex(of: "/") ?? url.endIndex
    var client = try HTTPClient(.url("http://\(url[..<slash])"))
    guard words.count == 5 else { return try client.get(String(url[slash...])) }
    return try client.post(
      String(url[slash...]), body: Array(words[4].dropFirst().dropLast().utf8),
      contentType: "application/x-www-form-urlencoded")
  }

  @Test func `options out of range are refused`() {
    for (engines, seconds) in [(0, 1), (33, 1), (1, 0)] {
      var options = DemoOptions()
      (options.engines, options.seconds) = (engines, seconds)
      #expect(throws: DemoError.self) {
        try Demo.run(
          options: options, output: Transcript().output(isTerminal: false),
          isStopped: { _ in true })
      }
    }
  }
}
