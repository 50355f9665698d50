/// How a generation of vLLM encodes its events.
///
/// Up to 0.23 an event is an array, in which a field that is nil is written as nil, and each
/// generation appends fields. From 0.24 on it is a map, in which the newer fields are left out when
/// they are nil.
package enum WireGeneration: String, CaseIterable, Sendable {
  /// Batches of two elements; hashes are always integers.
  case v09 = "0.9"
  /// Adds the data-parallel rank to the batch.
  case v010 = "0.10"
  /// Adds `medium`; hashes are integers or bytes from here on.
  case v011 = "0.11"
  /// Adds `lora_name`, about 0.14.
  case loraName = "0.14"
  /// Adds `extra_keys`, about 0.16.
  case extraKeys = "0.16"
  /// Adds `group_idx` and the kind of its cache: the last arrays.
  case v023 = "0.23"
  /// Events are maps.
  case v024 = "0.24"
  /// Adds `locality`, `ownership` and `session_id`.
  case v032 = "0.32"
  /// The batch is a map too; never released.
  case draftMap = "draft-map"

  var batchIsMap: Bool { self == .draftMap }
  var batchHasRank: Bool { self != .v09 }

  var eventsAreMaps: Bool {
    switch self {
    case .v09, .v010, .v011, .loraName, .extraKeys, .v023: false
    case .v024, .v032, .draftMap: true
    }
  }

  /// The fields of BlockStored in the order of the wire.
  var storedFields: ArraySlice<StoredField> {
    let count =
      switch self {
      case .v09, .v010: 5
      case .v011: 6
      case .loraName: 7
      case .extraKeys: 8
      case .v023, .v024, .draftMap: 11
      case .v032: 14
      }
    return StoredField.allCases.prefix(count)
  }

  /// The fields of BlockRemoved in the order of the wire.
  var removedFields: ArraySlice<RemovedField> {
    let count =
      switch self {
      case .v09, .v010: 1
      case .v011, .loraName, .extraKeys: 2
      case .v023, .v024, .draftMap: 3
      case .v032: 5
      }
    return RemovedField.allCases.prefix(count)
  }
}

/// A field of an event on the wire.
protocol WireField: RawRepresentable where RawValue == String {
  /// Left out of a map when nil.
  var isOptional: Bool { get }
}

/// The fields of BlockStored, oldest first.
enum StoredField: String, CaseIterable, WireField {
  case blockHashes = "block_hashes"
  case parentBlockHash = "parent_block_hash"
  case tokenIDs = "token_ids"
  case blockSize = "block_size"
  case loraID = "lora_id"
  case medium
  case loraName = "lora_name"
  case extraKeys = "extra_keys"
  case groupIndex = "group_idx"
  case specKind = "kv_cache_spec_kind"
  case slidingWindow = "kv_cache_spec_sliding_window"
  case locality
  case ownership
  case sessionID = "session_id"

  var isOptional: Bool {
    switch self {
    case .blockHashes, .parentBlockHash, .tokenIDs, .blockSize, .loraID, .medium, .loraName: false
    case .extraKeys, .groupIndex, .specKind, .slidingWindow, .locality, .ownership, .sessionID:
      true
    }
  }
}

/// The fields of BlockRemoved, oldest first.
enum RemovedField: String, CaseIterable, WireField {
  case blockHashes = "block_hashes"
  case medium
  case groupIndex = "group_idx"
  case locality
  case ownership

  var isOptional: Bool {
    switch self {
    case .blockHashes, .medium: false
    case .groupIndex, .locality, .ownership: true
    }
  }
}
