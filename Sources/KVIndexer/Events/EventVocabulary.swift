import Glibc

/// The names that engines use in event batches, compared as bytes: no text is built to match one.

/// A known event tag; what kind of event it opens.
enum EventTag: Equatable {
  case known(KVEvent.Kind)
  case unknown

  @inline(__always)
  init(name: UnsafeRawBufferPointer) {
    if name.says("BlockStored") {
      self = .known(.stored)
    } else if name.says("BlockRemoved") {
      self = .known(.removed)
    } else if name.says("AllBlocksCleared") {
      self = .known(.cleared)
    } else {
      self = .unknown
    }
  }
}

/// A field of an event; the raw values are the positions in a BlockStored array.
enum EventField: Int {
  case blockHashes
  case parentBlockHash
  case tokenIDs
  case blockSize
  case loraID
  case medium
  case loraName
  case extraKeys
  case groupIndex
  case specKind
  case slidingWindow
  // Those that array encodings never had.
  case tag
  case locality
  /// Known, and of no use to an index: `ownership` and `session_id`.
  case ignored

  @inline(__always)
  init?(name: UnsafeRawBufferPointer) {
    // At most a handful of names share a length, so one or two comparisons decide.
    switch name.count {
    case 4 where name.says("type"): self = .tag
    case 6 where name.says("medium"): self = .medium
    case 7 where name.says("lora_id"): self = .loraID
    case 8 where name.says("locality"): self = .locality
    case 9 where name.says("token_ids"): self = .tokenIDs
    case 9 where name.says("lora_name"): self = .loraName
    case 9 where name.says("group_idx"): self = .groupIndex
    case 9 where name.says("ownership"): self = .ignored
    case 10 where name.says("block_size"): self = .blockSize
    case 10 where name.says("extra_keys"): self = .extraKeys
    case 10 where name.says("session_id"): self = .ignored
    case 12 where name.says("block_hashes"): self = .blockHashes
    case 17 where name.says("parent_block_hash"): self = .parentBlockHash
    case 18 where name.says("kv_cache_spec_kind"): self = .specKind
    case 28 where name.says("kv_cache_spec_sliding_window"): self = .slidingWindow
    default: return nil
    }
  }

  /// The field at `position`, counted after the tag, of an array event; nil beyond the known ones.
  init?(position: Int, in kind: KVEvent.Kind) {
    switch (kind, position) {
    case (.stored, 0...EventField.slidingWindow.rawValue): self.init(rawValue: position)
    case (.removed, 0): self = .blockHashes
    case (.removed, 1): self = .medium
    case (.removed, 2): self = .groupIndex
    default: return nil
    }
  }
}

extension Medium {
  /// Engines and offloading connectors disagree on names and on their case.
  init(name: UnsafeRawBufferPointer) {
    if name.says("GPU") || name.saysIgnoringCase("gpu") {
      self = .tier(.gpu)
    } else if name.saysIgnoringCase("cpu") || name.saysIgnoringCase("host")
      || name.saysIgnoringCase("cpu_pinned")
    {
      self = .tier(.cpu)
    } else if name.saysIgnoringCase("disk") || name.saysIgnoringCase("storage")
      || name.saysIgnoringCase("nvme") || name.saysIgnoringCase("ssd")
    {
      self = .tier(.disk)
    } else if name.saysIgnoringCase("remote") || name.saysIgnoringCase("external")
      || name.saysIgnoringCase("mooncake")
    {
      self = .tier(.remote)
    } else {
      self = .unknown
    }
  }

  /// The medium of a block that its engine keeps on another machine.
  var elsewhere: Medium {
    switch self {
    case .tier(.cpu), .tier(.disk): .tier(.remote)
    case .tier(.gpu), .tier(.remote), .unknown: self
    }
  }
}

extension CacheSpec.Kind {
  /// The rule behind a name of vLLM's `KVCacheSpecKind`.
  ///
  /// Chunked local, encoder-only and cross attention have rules of their own: unknown.
  init(name: UnsafeRawBufferPointer) {
    if name.says("full_attention") || name.says("mla_attention")
      || name.says("sink_full_attention")
    {
      self = .full
    } else if name.says("sliding_window") || name.says("sliding_window_mla") {
      self = .slidingWindow
    } else if name.says("mamba") {
      self = .stateSpace
    } else {
      self = .unknown
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Inlined, so that length and bytes of a literal become constants of the comparison.
  @inline(__always)
  func says(_ name: StaticString) -> Bool {
    guard count == name.utf8CodeUnitCount, let baseAddress else { return false }
    return memcmp(baseAddress, name.utf8Start, name.utf8CodeUnitCount) == 0
  }

  /// The same for ASCII letters of any case; `name` is in lower case.
  func saysIgnoringCase(_ name: StaticString) -> Bool {
    guard count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { letters in
      zip(self, letters).allSatisfy { byte, letter in
        (0x41...0x5a).contains(byte) ? byte | 0x20 == letter : byte == letter
      }
    }
  }
}
