import Foundation
import KVIndexer
import Testing

@testable import Service

/// Two endpoints that are one engine.
@Suite(.serialized) struct IdentityConflictTests {
  @Test func `two names of one address are not credited, and told`() throws {
    let directory = try TemporaryDirectory()
    let engines = [try PublishedEngine(), try PublishedEngine()]
    try directory.write("endpoints:\n" + engines[0].entry("b", port: 8001), to: "e.yaml")
    let harness = try ServiceHarness([engines[0].entry("a")], file: directory.path + "/e.yaml")
    engines[0].store(1..<2)
    for name in ["a", "b"] {
      let match = try harness.wait(forTrust: "mismatched", tokens: 0, of: 1, on: name)
      #expect(match.reason?.hasPrefix("identity: ") == true)
    }
    #expect(harness.log.all.contains { $0.contains("a rank 0 and b rank 0 are one engine") })
    #expect(try harness.source("a")?["warning"]?.string == "the same engine as b:0")
    #expect(try harness.metric("kvindexer_contested_sources") == 2)
    // What one of them held was followed all the time.
    try directory.write("endpoints:\n" + engines[1].entry("b", port: 8001), to: "new")
    #expect(rename(directory.path + "/new", directory.path + "/e.yaml") == 0)
    try harness.wait(for: .exact(64), of: 1, on: "a")
    engines[1].store(2..<3)
    try harness.wait(for: .exact(64), of: 2, on: "b")
    #expect(try harness.match(1, on: "b") == .exact(0))
    #expect(try harness.metric("kvindexer_contested_sources") == 0)
  }

  @Test func `one engine under two host names is found out by its messages`() throws {
    let engine = try PublishedEngine()
    let other = engine.entry("b", port: 8001).replacingOccurrences(
      of: "tcp://127.0.0.1:", with: "tcp://localhost:")
    // libzmq says where it is bound as an IPv4 address or as one mapped into IPv6.
    let renamed = other.replacingOccurrences(
      of: "tcp://[::ffff:127.0.0.1]:", with: "tcp://localhost:")
    let harness = try ServiceHarness([engine.entry("a"), renamed])
    for prompt in 1..<7 { engine.store(prompt..<prompt + 1) }
    for name in ["a", "b"] {
      try harness.wait(forTrust: "mismatched", tokens: 0, of: 1, on: name)
    }
    try Deadline.wait { harness.log.all.contains { $0.contains("both send the same events") } }
  }

  @Test func `equal prompts of different engines are no conflict`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([engines[0].entry("a"), engines[1].entry("b", port: 8001)])
    for engine in engines { engine.store(1..<9) }
    try harness.wait(for: .exact(64), of: 8, on: "a")
    try harness.wait(for: .exact(64), of: 8, on: "b")
    #expect(try harness.metric("kvindexer_contested_sources") == 0)
  }

  @Test func `the detector asks for several agreements, and forgets`() {
    let detector = TwinDetector()
    func agree(_ sequence: UInt64, _ one: Int, _ other: Int) -> SourceID? {
      let digest = PayloadDigest(sequence &* 0x9E37_79B9_7F4A_7C15)
      let first = detector.note(sequence, digest, from: SourceID(one))
      #expect(first == nil)
      return detector.note(sequence, digest, from: SourceID(other))
    }
    #expect((1...3).map { agree($0, 0, 1) } == [nil, nil, SourceID(0)])
    // It was told; a reconnection repeats it.
    #expect((4...9).allSatisfy { agree($0, 1, 0) == nil })
    detector.forget(SourceID(1))
    #expect((10...12).map { agree($0, 0, 1) } == [nil, nil, SourceID(0)])
    // One engine that says the same again is no other one.
    #expect((20...30).allSatisfy { agree($0, 2, 2) == nil })
    // Equal payloads under other numbers are none either.
    for sequence in UInt64(40)..<50 {
      #expect(detector.note(sequence, PayloadDigest(7), from: SourceID(Int(sequence) % 2)) == nil)
    }
  }
}
