import KVIndexer
import Simulation

/// Reads batches from libmsgpack's tree: what the decoder must agree with.
extension EngineBatch {
  init?(_ value: MsgpackValue) {
    switch value {
    case .array(let fields) where fields.count >= 2:
      self.init(timestamp: fields[0], events: fields[1], rank: fields.dropFirst(2).first)
    case .map:
      guard let timestamp = value["ts"], let events = value["events"] else { return nil }
      self.init(timestamp: timestamp, events: events, rank: value["data_parallel_rank"])
    default: return nil
    }
  }

  private init?(timestamp: MsgpackValue, events: MsgpackValue, rank: MsgpackValue?) {
    guard let timestamp = timestamp.double, let events = events.array else { return nil }
    let decoded = events.compactMap(EngineEvent.init)
    guard decoded.count == events.count else { return nil }
    self.init(timestamp: timestamp, events: decoded, dataParallelRank: rank?.integer)
  }
}

extension EngineEvent {
  private static let storedNames = [
    "block_hashes", "parent_block_hash", "token_ids", "block_size", "lora_id", "medium",
    "lora_name", "extra_keys", "group_idx", "kv_cache_spec_kind", "kv_cache_spec_sliding_window",
  ]
  private static let removedNames = ["block_hashes", "medium", "group_idx"]

  init?(_ value: MsgpackValue) {
    var fields: [String: MsgpackValue] = [:]
    if let elements = value.array {
      let names = elements.first?.text == "BlockStored" ? Self.storedNames : Self.removedNames
      fields = Dictionary(uniqueKeysWithValues: zip(names, elements.dropFirst()))
      fields["type"] = elements.first
    } else if case .map(let pairs) = value {
      for index in stride(from: 0, to: pairs.count, by: 2) {
        fields[pairs[index].text ?? ""] = pairs[index + 1]
      }
    }
    switch fields["type"]?.text {
    case "BlockStored":
      guard let blocks = StoredBlocks(fields) else { return nil }
      self = .stored(blocks)
    case "BlockRemoved":
      guard let hashes = fields["block_hashes"]?.array else { return nil }
      var blocks = RemovedBlocks(hashes: hashes.compactMap(\.hash))
      blocks.medium = fields["medium"]?.text
      blocks.group = fields["group_idx"]?.integer
      blocks.locality = fields["locality"]?.text
      blocks.ownership = fields["ownership"]?.text
      self = .removed(blocks)
    case "AllBlocksCleared": self = .cleared
    default: return nil
    }
  }
}

extension StoredBlocks {
  fileprivate init?(_ fields: [String: MsgpackValue]) {
    guard let hashes = fields["block_hashes"]?.array, let tokens = fields["token_ids"]?.array,
      let blockSize = fields["block_size"]?.integer
    else { return nil }
    self.init(
      hashes: hashes.compactMap(\.hash), parent: fields["parent_block_hash"]?.hash,
      tokens: tokens.compactMap(\.integer).map { TokenID($0) }, blockSize: blockSize)
    loraID = fields["lora_id"]?.integer
    medium = fields["medium"]?.text
    loraName = fields["lora_name"]?.text
    extraKeys = fields["extra_keys"]?.array?.map { $0.array?.map(ExtraKey.init) }
    group = fields["group_idx"]?.integer
    specKind = fields["kv_cache_spec_kind"]?.text
    slidingWindow = fields["kv_cache_spec_sliding_window"]?.integer
    locality = fields["locality"]?.text
    ownership = fields["ownership"]?.text
    sessionID = fields["session_id"]?.text
  }
}

extension ExtraKey {
  fileprivate init(_ value: MsgpackValue) {
    switch value {
    case .text(let text): self = .text(text)
    case .binary(let bytes): self = .bytes(bytes)
    case .array(let elements): self = .list(elements.map(ExtraKey.init))
    default: self = .integer(Int64(value.integer ?? 0))
    }
  }
}

extension MsgpackValue {
  fileprivate subscript(key: String) -> MsgpackValue? {
    guard case .map(let pairs) = self else { return nil }
    let indices = stride(from: 0, to: pairs.count, by: 2)
    return indices.first { pairs[$0] == .text(key) }.map { pairs[$0 + 1] }
  }

  fileprivate var array: [MsgpackValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }
  fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
  fileprivate var integer: Int? {
    switch self {
    case .positive(let value): Int(exactly: value)
    case .negative(let value): Int(value)
    default: nil
    }
  }
  fileprivate var double: Double? {
    if case .double(let value) = self { value } else { integer.map(Double.init) }
  }
  fileprivate var hash: EngineBlockHash? {
    switch self {
    case .positive(let value): .integer(value)
    case .negative(let value): .integer(UInt64(bitPattern: value))
    case .binary(let bytes): .bytes(bytes)
    default: nil
    }
  }
}
