import Service
import Testing

/// The demo of the indexer alone.
@Suite struct DemoTests {
  private static var options: DemoOptions {
    var options = DemoOptions()
    options.envoy = .none
    options.engines = 2
    return options
  }

  @Test(arguments: [false, true])
  func `every prediction of a short demo with evictions is equal`(isTerminal: Bool) throws {
    var options = Self.options
    options.seconds = 2
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
    #expect(text.contains("\u{1b}[5A") == isTerminal)
    #expect(text.contains(" %, round robin "))
  }

  @Test(arguments: [1, 3, 10])
  func `a demo can be stopped at any time`(call: Int) throws {
    var options = Self.options
    options.engines = 4
    let transcript = Transcript()
    var calls = 0
    let status = try Demo.run(
      options: options, output: transcript.output(isTerminal: false)
    ) { duration in
      calls += 1
      return calls >= call || transcript.pass(duration)
    }
    #expect(status == 0)
    #expect(transcript.text.hasPrefix("Dashboard http://127.0.0.1:"))
    #expect(transcript.text.contains("indexer   http://127.0.0.1:"))
  }

  @Test func `a demo that stays shows requests that work`() throws {
    var options = Self.options
    options.seconds = 1
    options.stays = true
    let transcript = Transcript()
    var replies: [(line: String, reply: HTTPClient.Reply)] = []
    _ = try Demo.run(options: options, output: transcript.output(isTerminal: false)) { duration in
      guard duration == nil else { return transcript.pass(duration) }
      do {
        replies = try transcript.performExamples()
      } catch {
        Issue.record(error)
      }
      return true
    }
    #expect(replies.count == 6)
    for (line, reply) in replies { #expect(reply.status == 200, "\(line): \(reply.text)") }
    #expect(replies.first?.reply.text.contains(#""matched_tokens":32"#) == true)
  }

  @Test func `options out of range are refused`() {
    for (engines, seconds) in [(0, 1), (201, 1), (1, 0)] {
      var options = DemoOptions()
      (options.engines, options.seconds) = (engines, seconds)
      #expect(throws: DemoError.self) {
        try Demo.run(
          options: options, output: Transcript().output(isTerminal: false),
          isStopped: { _ in true })
      }
    }
  }

  @Test func `an Envoy that was named and is not there is an error`() {
    var options = DemoOptions()
    options.envoy = .at("/nowhere")
    let error = #expect(throws: DemoError.self) {
      try Demo.run(
        options: options, output: Transcript().output(isTerminal: false),
        isStopped: { _ in true })
    }
    #expect(error.map { "\($0)" }?.hasPrefix("there is no Envoy at /nowhere") == true)
  }
}
