import CXXH
import KVIndexer
import Simulation

/// A decoded batch with its values in place of ranges, to compare whole batches.
struct DecodedBatch: Equatable {
  struct Event: Equatable {
    var kind: KVEvent.Kind
    var hashes: [UInt64] = []
    var parent: UInt64?
    var tokens: [TokenID] = []
    var blockSize = 0
    var loraID: Int?
    var loraName: String?
    var medium = Medium.tier(.gpu)
    var extraDigests: [UInt64] = []
    var group: Int?
    var spec: CacheSpec?
  }

  var timestamp: Double
  var rank: Int?
  var events: [Event]

  init(timestamp: Double, rank: Int?, events: [Event]) {
    self.timestamp = timestamp
    self.rank = rank
    self.events = events
  }

  init(_ batch: borrowing EventBatch) {
    var events: [Event] = []
    for event in batch.events {
      events.append(
        Event(
          kind: event.kind, hashes: batch.hashes.array(event.hashes).map(\.bits),
          parent: event.parent?.bits, tokens: batch.tokens.array(event.tokens),
          blockSize: event.blockSize, loraID: event.loraID, loraName: batch.loraName(of: event),
          medium: event.medium, extraDigests: batch.extraDigests.array(event.extraDigests),
          group: event.group, spec: event.spec))
    }
    self.init(timestamp: batch.timestamp, rank: batch.dataParallelRank, events: events)
  }
}

extension DecodedBatch {
  /// What a decoder with `seed` must make of `batch`, of which it saw every field.
  init(expecting batch: EngineBatch, seed: UInt64) {
    self.init(
      timestamp: batch.timestamp, rank: batch.dataParallelRank,
      events: batch.events.map { Event(expecting: $0, seed: seed) })
  }
}

extension DecodedBatch.Event {
  fileprivate init(expecting event: EngineEvent, seed: UInt64) {
    switch event {
    case .cleared: self.init(kind: .cleared)
    case .removed(let blocks):
      self.init(
        kind: .removed, hashes: blocks.hashes.map { $0.bits(seed: seed) },
        medium: expectedMedium(blocks.medium, locality: blocks.locality), group: blocks.group)
    case .stored(let blocks):
      self.init(
        kind: .stored, hashes: blocks.hashes.map { $0.bits(seed: seed) },
        parent: blocks.parent?.bits(seed: seed), tokens: blocks.tokens,
        blockSize: blocks.blockSize, loraID: blocks.loraID, loraName: blocks.loraName,
        medium: expectedMedium(blocks.medium, locality: blocks.locality),
        extraDigests: blocks.expectedDigests(seed: seed), group: blocks.group,
        spec: expectedSpec(blocks.specKind, window: blocks.slidingWindow))
    }
  }
}

private func expectedMedium(_ name: String?, locality: String?) -> Medium {
  let isRemote = locality?.lowercased() == "remote"
  switch name?.lowercased() {
  case nil, "gpu": return .tier(.gpu)
  case "cpu", "host", "cpu_pinned": return .tier(isRemote ? .remote : .cpu)
  case "disk", "storage", "nvme", "ssd": return .tier(isRemote ? .remote : .disk)
  case "remote", "external", "mooncake": return .tier(.remote)
  default: return .unknown
  }
}

private func expectedSpec(_ kind: String?, window: Int?) -> CacheSpec? {
  switch kind {
  case nil: window.map { CacheSpec(kind: .slidingWindow, window: $0) }
  case "full_attention", "mla_attention", "sink_full_attention": CacheSpec(kind: .full)
  case "sliding_window", "sliding_window_mla": CacheSpec(kind: .slidingWindow, window: window)
  case "mamba": CacheSpec(kind: .stateSpace)
  default: CacheSpec(kind: .unknown)
  }
}

extension EngineBlockHash {
  func bits(seed: UInt64) -> UInt64 {
    switch self {
    case .integer(let bits): bits
    case .bytes(let digest): XXH3_64bits_withSeed(digest, digest.count, seed)
    }
  }
}

extension StoredBlocks {
  /// The digests that a request with the same entries computes.
  fileprivate func expectedDigests(seed: UInt64) -> [UInt64] {
    (extraKeys ?? []).map { keys in
      var keys = keys ?? []
      if let loraName, keys.first == .text(loraName) { keys.removeFirst() }
      var hasher = ExtraKeyHasher(seed: seed)
      for key in keys {
        switch key {
        case .text(let salt): hasher.add(salt)
        case .bytes(let bytes): bytes.withUnsafeBytes { hasher.add(bytes: $0) }
        case .list(let pair):
          guard case .text(let identifier) = pair.first, case .integer(let offset) = pair.last
          else { continue }
          hasher.add(multimodal: identifier, offset: Int(offset))
        case .integer: continue
        }
      }
      return hasher.digest()
    }
  }
}

extension EventDecoder {
  /// Decodes into a batch of its own.
  mutating func decoded(_ bytes: [UInt8]) throws(EventDecodingError) -> DecodedBatch {
    var batch = EventBatch()
    try decode(bytes, into: &batch)
    return DecodedBatch(batch)
  }

  mutating func decode(
    _ bytes: [UInt8], into batch: inout EventBatch
  ) throws(EventDecodingError) {
    let result = bytes.withUnsafeBytes { buffer -> Result<Void, EventDecodingError> in
      do throws(EventDecodingError) {
        try decode(buffer, into: &batch)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}
