import Glibc
import KVIndexer
import Simulation
import Testing

/// No bytes may trap the decoder, hold it up, make it read past their end or reserve memory.
@Suite struct EventTotalityTests {
  @Test(arguments: WireGeneration.allCases, 1...4)
  func randomEventsComeBackAsTheyWereSent(generation: WireGeneration, seed: UInt64) throws {
    var random = EventRandom(seed: seed)
    var decoder = EventDecoder(seed: seed)
    for _ in 0..<50 {
      let batch = random.batch()
      let bytes = EventEncoder(generation: generation).encode(batch)
      let expected = DecodedBatch(expecting: batch.known(to: generation), seed: seed)
      #expect(try decoder.decoded(bytes) == expected)
    }
    #expect(decoder.counters.batches == 50 && decoder.counters.skipped == 0)
  }

  @Test func everyTruncationIsRefusedAsTruncated() throws {
    var frames = try EventFixture.recorded().filter { $0.payload.count < 700 }.prefix(30)
      .map(\.payload)
    frames += try ["v0.9", "v0.11_medium_bytes", "v0.23_group_idx", "draft_map_batch"]
      .map(EventFixture.legacy)
    let guarded = GuardedBytes(capacity: 4096)
    var decoder = EventDecoder(seed: 1)
    var batch = EventBatch()
    for frame in frames {
      for count in 0..<frame.count {
        let error = #expect(throws: EventDecodingError.self) {
          try decoder.decode(UnsafeRawBufferPointer(guarded.hold(frame[..<count])), into: &batch)
        }
        #expect(error == EventDecodingError(.truncated, at: count))
        #expect(batch.events.isEmpty && batch.hashes.count == 0 && batch.tokens.count == 0)
      }
    }
    #expect(decoder.counters.batches == 0 && decoder.counters.stored == 0)
  }

  /// Together a million mutations.
  @Test(arguments: 1...20)
  func mutationsDecodeOrAreRefused(seed: UInt64) throws {
    var random = EventRandom(seed: seed)
    let frames = try Self.smallFrames()
    let guarded = GuardedBytes(capacity: 4096)
    var decoder = EventDecoder(seed: seed)
    var batch = EventBatch()
    for _ in 0..<50_000 {
      let frame = frames[random.below(frames.count)]
      let bytes = guarded.hold(frame[...])
      for _ in 0...random.below(3) { Self.mutate(bytes, &random) }
      let shown = UnsafeRawBufferPointer(rebasing: bytes[(random.chance(5) ? 1 : 0)...])
      do throws(EventDecodingError) {
        try decoder.decode(shown, into: &batch)
        Self.check(batch)
      } catch {
        guard batch.events.isEmpty, batch.tokens.count == 0,
          (0...shown.count).contains(error.byteOffset)
        else {
          Issue.record("\(error) left a batch of \(batch.events.count) events")
          return
        }
      }
    }
    #expect(decoder.counters.batches + decoder.counters.refusedBatches == 50_000)
    #expect(decoder.counters.batches > 0 && decoder.counters.refusedBatches > 0)
    #expect(decoder.counters.skipped > 0)
  }

  /// A refusal is not checked this way: libmsgpack reserves what a broken count announces.
  @Test(arguments: 21...22)
  func whatTheDecoderReadsLibmsgpackReadsToo(seed: UInt64) throws {
    var random = EventRandom(seed: seed)
    let frames = try Self.smallFrames()
    var decoder = EventDecoder(seed: seed)
    var batch = EventBatch()
    for _ in 0..<20_000 {
      var frame = frames[random.below(frames.count)]
      frame.withUnsafeMutableBytes { Self.mutate($0, &random) }
      guard (try? decoder.decode(frame, into: &batch)) != nil else { continue }
      if !MsgpackValue.isMessage(toLibmsgpack: frame) {
        Issue.record("libmsgpack refuses \(frame)")
      }
    }
    #expect(decoder.counters.batches > 1000)
  }

  @Test(arguments: [
    [0xdd, 0x10, 0, 0, 0], [0xdf, 0x10, 0, 0, 0], [0x92, 0, 0xdd, 0x10, 0, 0, 0],
    [0x92, 0, 0x91, 0xdd, 0x10, 0, 0, 0], [0x92, 0, 0x91, 0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0xff, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff, 0xff, 0xff],
  ])
  func anAnnouncedCountReservesNothing(bytes: [UInt8]) {
    var decoder = EventDecoder(seed: 1)
    var batch = EventBatch()
    let error = #expect(throws: EventDecodingError.self) { try decoder.decode(bytes, into: &batch) }
    #expect(error?.cause == .truncated)
  }

  @Test(arguments: ["block_hashes", "token_ids", "extra_keys"])
  func anAnnouncedRunReservesNothing(field: MsgpackValue) {
    var decoder = EventDecoder(seed: 1)
    var batch = EventBatch()
    let capacities = [batch.hashes.capacity, batch.tokens.capacity, batch.extraDigests.capacity]
    let event: MsgpackValue = ["type": "BlockStored", field: .raw([0xdd, 0x10, 0, 0, 0])]
    let bytes = MsgpackValue.array([0, [event]]).bytes
    #expect(throws: EventDecodingError.self) { try decoder.decode(bytes, into: &batch) }
    #expect(
      capacities == [batch.hashes.capacity, batch.tokens.capacity, batch.extraDigests.capacity])
  }

  @Test func nestingOfAnyDepthIsWalkedOver() throws {
    let depth = 200_000
    let deep = MsgpackValue.raw([UInt8](repeating: 0x91, count: depth) + [0xc0])
    var decoder = EventDecoder(seed: 1)
    var batch = EventBatch()
    let stored: MsgpackValue = [
      "type": "BlockStored", "block_hashes": [1], "token_ids": [], "block_size": 0,
      "extra_keys": [[deep]],
    ]
    let bytes = MsgpackValue.array([0, [deep, stored, ["type": "AllBlocksCleared"]], 0, deep]).bytes
    try decoder.decode(bytes, into: &batch)
    #expect(batch.events.map(\.kind) == [.cleared] && batch.skippedEvents == 2)
    #expect(decoder.counters[.badExtraKeys] == 1 && decoder.counters[.wrongShape] == 1)
  }

  private static func smallFrames() throws -> [[UInt8]] {
    try EventFixture.recorded().map(\.payload).filter { $0.count < 260 }.prefix(60)
      + ["v0.9", "v0.11_medium_bytes", "extra_keys", "v0.23_group_idx", "v0.24_map_events"]
      .map(EventFixture.legacy) + [EventFixture.legacy("draft_map_batch")]
  }

  private static func mutate(_ bytes: UnsafeMutableRawBufferPointer, _ random: inout EventRandom) {
    let place = random.below(bytes.count)
    switch random.below(4) {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 1: bytes[place] ^= 1 << UInt8(random.below(8))
    case 2:
      bytes[place] =
        [0x80, 0x90, 0xa0, 0xc0, 0xc1, 0xc4, 0xcf, 0xd3, 0xdc, 0xdd, 0xdf][random.below(11)]
    default:
      let count = min(random.below(12), bytes.count - place)
      let source = random.below(bytes.count - count + 1)
      for index in 0..<count { bytes[place + index] = bytes[source + index] }
    }
  }

  private static func check(_ batch: borrowing EventBatch) {
    for event in batch.events {
      let isInside =
        event.hashes.upperBound <= batch.hashes.count
        && event.tokens.upperBound <= batch.tokens.count
        && event.extraDigests.upperBound <= batch.extraDigests.count && event.blockSize >= 0
      if !isInside { Issue.record("\(event) names values that the batch does not hold") }
    }
  }
}

/// Bytes that end where memory does: reading one more is a segmentation fault.
final class GuardedBytes {
  private let base: UnsafeMutableRawPointer
  private let capacity: Int
  private let page = sysconf(Int32(_SC_PAGESIZE))

  init(capacity: Int) {
    self.capacity = (capacity + page - 1) / page * page
    let mapped = mmap(
      nil, self.capacity + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED,
      mprotect(mapped + self.capacity, page, PROT_NONE) == 0
    else { fatalError("no memory for a guard page: errno \(errno)") }
    base = mapped
  }

  deinit { munmap(base, capacity + page) }

  func hold(_ bytes: ArraySlice<UInt8>) -> UnsafeMutableRawBufferPointer {
    precondition(bytes.count <= capacity, "\(bytes.count) bytes for \(capacity)")
    let held = UnsafeMutableRawBufferPointer(
      start: base + capacity - bytes.count, count: bytes.count)
    held.copyBytes(from: bytes)
    return held
  }
}
