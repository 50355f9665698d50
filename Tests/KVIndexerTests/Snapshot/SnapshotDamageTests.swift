import CXXH
import KVIndexer
import Simulation
import Testing

/// Snapshots that are cut off, overwritten or made up: each is an error, none a trap.
@Suite struct SnapshotDamageTests {
  private func snapshot(seed: UInt64, messages: Int) throws -> [UInt8] {
    let harness = FleetHarness()
    let sources = (0..<SnapshotStream.engines).map { harness.add(SnapshotStream.configuration($0)) }
    var stream = SnapshotStream(seed: seed)
    for _ in 0..<messages {
      let message = stream.next()
      try harness.follow(message, sources[message.engine])
    }
    return harness.snapshot()
  }

  @Test func `every truncation is an error`() throws {
    let bytes = try snapshot(seed: 1, messages: 12)
    for count in 0..<bytes.count {
      #expect(throws: SnapshotError.self) {
        _ = try SnapshotReader(Array(bytes.prefix(count))).verify()
      }
    }
    #expect(throws: SnapshotError.self) { _ = try SnapshotReader(bytes + [0]).verify() }
  }

  @Test(arguments: TestSeeds.upTo(40))
  func `any flipped bit is an error that names a section`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let bytes = try snapshot(seed: seed, messages: 60)
    for _ in 0..<200 {
      var damaged = bytes
      damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8))
      #expect(throws: SnapshotError.self) { _ = try SnapshotReader(damaged).verify() }
    }
  }

  @Test(arguments: TestSeeds.upTo(40))
  func `wrong content under right checksums never traps`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let bytes = try snapshot(seed: seed, messages: 60)
    var restored = 0
    for _ in 0..<300 {
      var damaged = bytes
      for _ in 0..<1 + random.below(3) {
        damaged[40 + random.below(damaged.count - 40)] = UInt8(truncatingIfNeeded: random.next())
      }
      let harness = FleetHarness()
      do throws(SnapshotError) {
        try harness.restore(Self.withChecksums(damaged))
      } catch {
        continue
      }
      restored += 1
      harness.checkInvariants()
      for engine in 0..<SnapshotStream.engines {
        _ = harness.addAgain(SnapshotStream.configuration(engine))
      }
      _ = harness.dropParked()
      harness.checkInvariants()
    }
    // A hash, or a time, can be any.
    #expect(restored > 0)
  }

  /// The same sections with checksums that fit them, as far as they can be told apart.
  private static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var offset = 40
    var place: UInt64 = 0
    while offset + 24 <= bytes.count {
      let length = bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      }
      guard length <= UInt64(bytes.count - offset - 24) else { return bytes }
      let end = offset + 16 + Int(length)
      let checksum = bytes.withUnsafeBytes { bytes in
        let seed = XXH3_64bits_withSeed(bytes.baseAddress.map { $0 + offset }, 16, place)
        return XXH3_64bits_withSeed(bytes.baseAddress.map { $0 + offset + 16 }, Int(length), seed)
      }
      bytes.withUnsafeMutableBytes {
        $0.storeBytes(of: checksum.littleEndian, toByteOffset: end, as: UInt64.self)
      }
      offset = end + 8
      place += 1
    }
    return bytes
  }
}
