import KVIndexer
import Service
import Testing

/// What an indexer begins with when its disk and its siblings know different things.
@Suite(.serialized) struct WarmStartTests {
  private static let key = "a key of siblings"

  @Test func `each source comes from whoever knows it best`() throws {
    let directory = try TemporaryDirectory()
    let state = directory.path + "/state"
    let engines = try (0..<2).map { _ in try PublishedEngine { $0.bufferSteps = 4 } }
    // Of the first engine the sibling joins late; the second one it alone follows to the end.
    let own = try ServiceHarness([engines[0].entry("a"), engines[1].entry("b", port: 8001)]) {
      $0.hashKey = Self.key
      $0.warm.stateDirectory = state
    }
    for (engine, name) in zip(engines, ["a", "b"]) {
      for prompt in 0..<20 {
        engine.store(prompt..<prompt + 1)
        try own.wait(for: .exact(64), of: prompt, on: name)
      }
    }
    let sibling = try ServiceHarness([engines[0].entry("a"), engines[1].entry("b", port: 8001)]) {
      $0.hashKey = Self.key
      $0.warm.peers = [PeerConfiguration(server: .url(own.url))]
    }
    try sibling.wait(for: .exact(64), of: 19, on: "b")
    #expect(try sibling.send("POST", "/v1/sources/a:0/resync").status == 202)
    try Deadline.wait { try sibling.match(19).trust == "degraded" }
    own.service.stop()
    for prompt in 20..<40 {
      engines[1].store(prompt..<prompt + 1)
      try sibling.wait(for: .exact(64), of: prompt, on: "b")
    }
    let next = try ServiceHarness([engines[0].entry("a"), engines[1].entry("b", port: 8001)]) {
      $0.hashKey = Self.key
      $0.warm.stateDirectory = state
      $0.warm.peers = [PeerConfiguration(server: .url(sibling.url))]
    }
    // The ring of the first engine reaches back to the disk's snapshot, that of the second only to
    // the sibling's.
    for prompt in 0..<20 { try next.wait(for: .exact(64), of: prompt, on: "a") }
    for prompt in 0..<40 { try next.wait(for: .exact(64), of: prompt, on: "b") }
    sibling.service.stop()
    next.service.stop()
  }

  @Test func `a damaged snapshot leaves all sources to the other one`() throws {
    let directory = try TemporaryDirectory()
    let state = directory.path + "/state"
    let engine = try PublishedEngine { $0.bufferSteps = 8 }
    let first = try ServiceHarness([engine.entry("a")]) { $0.hashKey = Self.key }
    try Deadline.wait { try first.source()?["stream"]?["peers"]?.integer == 1 }
    for prompt in 0..<30 {
      engine.store(prompt..<prompt + 1)
      try first.wait(for: .exact(64), of: prompt)
    }
    var bytes = try first.get("/v1/snapshot").reply.body
    // In the tree: its sources can be read, and look as good as those of the sibling.
    bytes[bytes.count - 100] ^= 1
    _ = try StateDirectory(state)
    try FileBytes.write(bytes, to: state + "/snapshot")
    let second = try ServiceHarness([engine.entry("a")]) {
      $0.hashKey = Self.key
      $0.warm.stateDirectory = state
      $0.warm.peers = [PeerConfiguration(server: .url(first.url))]
    }
    #expect(second.log.all.contains { $0.contains("snapshot is not used: its section 'tree'") })
    for prompt in 0..<30 { try second.wait(for: .exact(64), of: prompt) }
    first.service.stop()
    second.service.stop()
  }

  @Test func `a sibling that was not told of a reset does not undo it`() throws {
    let directory = try TemporaryDirectory()
    let state = directory.path + "/state"
    let engine = try PublishedEngine()
    let told = try ServiceHarness([engine.entry("a")]) {
      $0.hashKey = Self.key
      $0.warm.stateDirectory = state
    }
    let untold = try ServiceHarness([engine.entry("a")]) { $0.hashKey = Self.key }
    engine.store(0..<10)
    for harness in [told, untold] { try harness.wait(for: .exact(64), of: 9) }
    #expect(try told.send("POST", "/v1/sources/a:0/clear").status == 200)
    told.service.stop()
    engine.store(20..<21)
    try untold.wait(for: .exact(64), of: 20)
    let next = try ServiceHarness([engine.entry("a")]) {
      $0.hashKey = Self.key
      $0.warm.stateDirectory = state
      $0.warm.peers = [PeerConfiguration(server: .url(untold.url))]
    }
    try next.wait(for: .exact(64), of: 20)
    #expect(try next.match(9) == .exact(0))
    untold.service.stop()
    next.service.stop()
  }
}
