import Testing

@testable import Service

/// A picker that goes on from what another process knew.
@Suite(.serialized) struct WarmPickerTests {
  private static let seed = "a seed of all pickers"

  private static func blocks(_ harness: PickerHarness) throws -> Int? {
    let source = try harness.sources().first
    return source?["trust"]?.string == "exact" ? source?["residencies"]?.integer : nil
  }

  private func picker(
    _ engine: PublishedEngine, _ words: [String]
  ) throws -> PickerHarness {
    let given = try PickerFlags(parsing: ["--config-text=x"] + words)
    return try PickerHarness([engine.entry("a")], Plans.precise(tokens: "estimate: {}")) {
      $0.warm = given.warm
    }
  }

  @Test func `--state-dir keeps what the ring has no more`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine { $0.bufferSteps = 4 }
    let words = ["--state-dir", directory.path + "/state", "--snapshot-interval=1h"]
    let first = try picker(engine, words)
    try publish(engine, first)
    first.service.stop()
    let second = try picker(engine, words)
    try Deadline.wait { try Self.blocks(second) == 40 }
    second.service.stop()
  }

  @Test func `--peer brings what a sibling knows`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine { $0.bufferSteps = 4 }
    let state = ["--state-dir", directory.path + "/state"]
    let key = try StateDirectory(directory.path + "/state").hashKey()
    let first = try picker(engine, state)
    try publish(engine, first)
    // Siblings need one key; here the newcomer's own directory has it.
    _ = try StateDirectory(directory.path + "/other")
    try FileBytes.write(Array((key + "\n").utf8), to: directory.path + "/other/hash-key")
    let address = try #require(first.service.adminAddresses.first)
    let second = try picker(
      engine, ["--state-dir", directory.path + "/other", "--peer=http://\(address)"])
    try Deadline.wait { try Self.blocks(second) == 40 }
    first.service.stop()
    second.service.stop()
  }

  /// Publishes more messages than the ring keeps, none before the one before it was applied.
  private func publish(_ engine: PublishedEngine, _ picker: PickerHarness) throws {
    try Deadline.wait { try picker.sources().first?["stream"]?["peers"]?.integer == 1 }
    for prompt in 0..<10 {
      engine.store(prompt..<prompt + 1)
      try Deadline.wait { try Self.blocks(picker) == 4 * (prompt + 1) }
    }
  }
}
