/// Why a single event was left out of its batch.
public enum EventSkipCause: Int, Error, Sendable, CaseIterable {
  /// Neither a map nor an array that starts with a tag.
  case wrongShape
  /// A tag, hashes, tokens or a block size are missing.
  case missingField
  /// A block hash that is neither an integer nor bytes nor text.
  case badHash
  /// A token id that is no integer from 0 to 2^32 - 1.
  case badToken
  /// A size, an index or a window that is no integer from 0 to 2^32 - 1.
  case badNumber
  /// A name that is no UTF-8 text.
  case badText
  /// Extra keys that are not, for each block, nil or a list of texts, bytes, integers and lists.
  case badExtraKeys

  /// The name that metrics and logs use.
  public var name: String {
    switch self {
    case .wrongShape: "wrong_shape"
    case .missingField: "missing_field"
    case .badHash: "bad_hash"
    case .badToken: "bad_token"
    case .badNumber: "bad_number"
    case .badText: "bad_text"
    case .badExtraKeys: "bad_extra_keys"
    }
  }
}

/// What a decoder has seen since it was made; of a batch that it refused, only `refusedBatches`.
public struct EventDecodingCounters: Sendable {
  /// Batches decoded.
  public internal(set) var batches = 0
  /// Messages that ended in an `EventDecodingError`.
  public internal(set) var refusedBatches = 0
  public internal(set) var stored = 0
  public internal(set) var removed = 0
  public internal(set) var cleared = 0
  /// Events of a kind that we don't know, left out of their batch.
  public internal(set) var unknownTags = 0
  /// Keys of batch and event maps that we don't know.
  public internal(set) var unknownFields = 0
  /// Events whose medium we have no tier for.
  public internal(set) var unknownMedia = 0
  /// Elements of batch and event arrays after the last one that we know.
  public internal(set) var extraElements = 0
  private var skippedByCause = InlineArray<7, Int>(repeating: 0)

  public init() {}

  /// Events left out because of `cause`.
  public internal(set) subscript(cause: EventSkipCause) -> Int {
    get { skippedByCause[cause.rawValue] }
    set { skippedByCause[cause.rawValue] = newValue }
  }

  /// Events left out for any cause; those with an unknown tag apart.
  public var skipped: Int { EventSkipCause.allCases.reduce(0) { $0 + self[$1] } }

  static func += (total: inout Self, batch: Self) {
    total.batches += batch.batches
    total.refusedBatches += batch.refusedBatches
    total.stored += batch.stored
    total.removed += batch.removed
    total.cleared += batch.cleared
    total.unknownTags += batch.unknownTags
    total.unknownFields += batch.unknownFields
    total.unknownMedia += batch.unknownMedia
    total.extraElements += batch.extraElements
    for cause in total.skippedByCause.indices {
      total.skippedByCause[cause] += batch.skippedByCause[cause]
    }
  }
}
