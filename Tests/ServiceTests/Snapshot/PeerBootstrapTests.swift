import KVIndexer
import Service
import Testing

/// An indexer that begins with what a sibling knows.
@Suite(.serialized) struct PeerBootstrapTests {
  @Test func `a newcomer knows what its sibling knows, and more than the ring`() throws {
    let engine = try PublishedEngine { $0.bufferSteps = 8 }
    let first = try ServiceHarness([engine.entry("a")]) { $0.hashKey = "a key of siblings" }
    try Deadline.wait { try first.source()?["stream"]?["peers"]?.integer == 1 }
    engine.store(0..<1)
    try first.wait(for: .exact(64), of: 0)
    for prompt in 1..<30 {
      engine.store(prompt..<prompt + 1)
      try first.wait(for: .exact(64), of: prompt)
    }
    let second = try ServiceHarness([engine.entry("a")]) {
      $0.hashKey = "a key of siblings"
      $0.warm.peers = [PeerConfiguration(server: .url(first.url))]
    }
    for prompt in 0..<30 { try second.wait(for: .exact(64), of: prompt) }
    first.service.stop()
    second.service.stop()
  }

  @Test func `a sibling with another key, or none at all, costs a cold start`() throws {
    let engine = try PublishedEngine()
    let first = try ServiceHarness([engine.entry("a")]) { $0.hashKey = "the key of the one" }
    engine.store(0..<3)
    try first.wait(for: .exact(64), of: 2)
    let second = try ServiceHarness([engine.entry("a")]) {
      $0.hashKey = "the key of another"
      $0.warm.peers = [
        PeerConfiguration(server: .unix(path: "/nonexistent/socket")),
        PeerConfiguration(server: .url(first.url)),
      ]
    }
    try second.wait(for: .exact(64), of: 2)
    #expect(second.log.all.contains { $0.contains("no snapshot from this peer") })
    #expect(second.log.all.contains { $0.contains("written under another hash key") })
    first.service.stop()
    second.service.stop()
  }
}
