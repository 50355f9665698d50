import KVIndexer

/// A prompt's keys, shared by all that follows from one lookup: a prompt is hashed once.
final class HashedPrompt: @unchecked Sendable {
  // Never changed.
  let keys: PromptKeys

  init(_ keys: consuming PromptKeys) { self.keys = keys }
}
