/// What is known of an event while its fields come in, in any order.
struct EventDraft {
  var event = KVEvent(kind: .cleared)
  /// Nil until the tag has come.
  var tag: EventTag?
  var hasHashes = false
  var hasTokens = false
  var hasBlockSize = false
  /// Where `extra_keys` lies: its digests need `lora_name`, which may come later.
  var extraKeys: UnsafeRawPointer?
  var isElsewhere = false
  var loraName: String?
  var specKind: CacheSpec.Kind?
  var window: Int?

  var medium: Medium { isElsewhere ? event.medium.elsewhere : event.medium }

  var spec: CacheSpec? {
    // A window says as much as the kind that engines send with it.
    guard let kind = specKind ?? (window == nil ? nil : .slidingWindow) else { return nil }
    return CacheSpec(kind: kind, window: kind == .slidingWindow ? window : nil)
  }
}

/// How far the buffers of a batch were filled before an event.
struct EventBatchMark {
  var hashes: Int
  var tokens: Int
  var extraDigests: Int

  init(_ batch: borrowing EventBatch) {
    hashes = batch.hashes.count
    tokens = batch.tokens.count
    extraDigests = batch.extraDigests.count
  }
}

extension EventBatch {
  /// Forgets the values that came after `mark`.
  mutating func rewind(to mark: EventBatchMark) {
    hashes.setCount(mark.hashes)
    tokens.setCount(mark.tokens)
    extraDigests.setCount(mark.extraDigests)
  }
}
