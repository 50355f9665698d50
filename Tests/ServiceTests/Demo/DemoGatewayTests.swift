import Foundation
import Service
import Testing

/// The demo behind a real Envoy, where `scripts/envoy/setup.sh` was run.
@Suite(
  .enabled(if: Envoy.isInstalled, "scripts/envoy/setup.sh gets Envoy"), .serialized)
struct DemoGatewayTests {
  private static let folder =
    ProcessInfo.processInfo.environment["KV_ENVOY"]
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../.envoy").standardized.path

  private static var options: DemoOptions {
    var options = DemoOptions()
    options.envoy = .at(folder)
    options.engines = 2
    return options
  }

  @Test func `predictions are right behind a real Envoy, and the printed requests work`() throws {
    var options = Self.options
    options.seconds = 3
    options.usableBlocks = 66
    options.stays = true
    let transcript = Transcript()
    var replies: [(line: String, reply: HTTPClient.Reply)] = []
    let status = try Demo.run(
      options: options, output: transcript.output(isTerminal: false)
    ) { duration in
      guard duration == nil else { return transcript.pass(duration) }
      do {
        replies = try transcript.performExamples()
      } catch {
        Issue.record(error)
      }
      return true
    }
    let text = transcript.text
    #expect(status == 0, "\(text)")
    let verdict = try #require(text.split(separator: "\n").last { $0.contains(" equal (pre") })
    #expect(!verdict.hasPrefix("0 "), "\(text)")
    #expect(replies.count == 7)
    for (line, reply) in replies { #expect(reply.status == 200, "\(line): \(reply.text)") }
    for (_, reply) in replies.prefix(2) {
      #expect(reply.header("x-kvindexer-endpoint")?.hasPrefix("default/engine-") == true)
      #expect(reply.header("x-kvindexer-prediction") == "exact")
    }
    let metrics = try #require(replies.last?.reply.text)
    #expect(metrics.contains("kvindexer_epp_streams_total"))
  }

  @Test func `a demo with Envoy can be stopped before it begins`() throws {
    let transcript = Transcript()
    let status = try Demo.run(
      options: Self.options, output: transcript.output(isTerminal: false), isStopped: { _ in true })
    #expect(status == 0)
    #expect(transcript.text.hasPrefix("Dashboard http://127.0.0.1:"))
    #expect(transcript.text.contains("Envoy     http://127.0.0.1:"))
  }

  @Test func `what Envoy says is told when it ends by itself`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("#!/bin/sh\necho no such listener\n", to: "envoy")
    let program = directory.path + "/envoy"
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
    var options = Self.options
    options.envoy = .at(program)
    let transcript = Transcript()
    let error = #expect(throws: DemoError.self) {
      try Demo.run(
        options: options, output: transcript.output(isTerminal: false), isStopped: transcript.pass)
    }
    #expect(error.map { "\($0)" }?.contains("no such listener") == true)
  }
}
