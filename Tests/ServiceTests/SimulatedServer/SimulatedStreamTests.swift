import Foundation
import Testing

@testable import Service

@Suite struct SimulatedStreamTests {
  private struct Event: Decodable {
    struct Choice: Decodable {
      struct Delta: Decodable {
        var role: String?
        var content: String?
      }
      var index: Int
      var text: String?
      var delta: Delta?
      var finishReason: String?
      var tokenIds: [UInt32]?
    }
    var object: String
    var choices: [Choice]
    var usage: ModelServerHarness.Completion.Usage?
  }

  /// The events of a stream, which has to end as streams do.
  private func events(_ reply: HTTPClient.Reply, _ harness: ModelServerHarness) throws -> [Event] {
    #expect(reply.status == 200)
    #expect(reply.header("content-type")?.hasPrefix("text/event-stream") == true)
    var lines = reply.text.components(separatedBy: "\n\n")
    #expect(lines.popLast() == "")
    #expect(lines.popLast() == "data: [DONE]")
    return try lines.map { line in
      #expect(line.hasPrefix("data: "))
      return try harness.decode(
        HTTPClient.Reply(status: 200, headers: [], body: Array(line.dropFirst(6).utf8)))
    }
  }

  @Test func `a stream has the tokens of the answer, and its usage where it is asked for`() throws {
    let harness = try ModelServerHarness()
    let fields = #""prompt":"a b c","max_tokens":4,"return_token_ids":true"#
    let whole = try harness.complete(fields)
    let reply = try harness.post(
      "/v1/completions", #"{\#(fields),"stream":true,"stream_options":{"include_usage":true}}"#)
    let events = try events(reply, harness)
    #expect(events.count == 4 + 1 + 1)
    #expect(
      events.flatMap { $0.choices.flatMap { $0.tokenIds ?? [] } } == whole.choices[0].tokenIds)
    #expect(events.compactMap { $0.choices.first?.text }.joined() == whole.choices[0].text)
    #expect(events[4].choices.first?.finishReason == "length")
    #expect(events[5].choices.isEmpty)
    #expect(events[5].usage?.completionTokens == 4)
    let plain = try self.events(
      harness.post("/v1/completions", #"{\#(fields),"stream":true}"#), harness)
    #expect(plain.allSatisfy { $0.usage == nil })
  }

  @Test func `a chat's stream begins with its role`() throws {
    let harness = try ModelServerHarness()
    let reply = try harness.post(
      "/v1/chat/completions",
      #"{"messages":[{"role":"user","content":"hi"}],"max_tokens":3,"stream":true}"#)
    let events = try events(reply, harness)
    #expect(events.allSatisfy { $0.object == "chat.completion.chunk" })
    #expect(events[0].choices[0].delta?.role == "assistant")
    #expect(events[1...3].allSatisfy { $0.choices[0].delta?.content?.hasPrefix(" t") == true })
  }

  @Test func `several prompts are told apart by their index`() throws {
    let harness = try ModelServerHarness()
    let reply = try harness.post(
      "/v1/completions", #"{"prompt":["a","b"],"max_tokens":2,"stream":true}"#)
    let indices = try events(reply, harness).flatMap { $0.choices.map(\.index) }
    #expect(indices.count(where: { $0 == 0 }) == 3)
    #expect(indices.count(where: { $0 == 1 }) == 3)
  }

  @Test func `what is wrong with a request is said before the stream begins`() throws {
    let harness = try ModelServerHarness()
    let reply = try harness.post("/v1/completions", #"{"prompt":"","stream":true}"#)
    #expect(reply.status == 400)
  }

  @Test func `a killed server cuts its streams off`() throws {
    let harness = try ModelServerHarness(stepTime: .milliseconds(20))
    let replies = Arrivals<HTTPClient.Reply?>()
    _ = WorkerThread(name: "client") {
      replies.add(
        try? harness.post("/v1/completions", #"{"prompt":"a","max_tokens":900,"stream":true}"#))
    }
    #expect(harness.waits { harness.server.status.counters.requestsRunning == 1 })
    harness.server.kill()
    let reply = try #require(replies.next())
    #expect(reply == nil)
  }
}
