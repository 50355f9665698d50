/// Where engine hashes have their meaning: one source × cache group.
///
/// The index keeps one *canonical* hash a block. A scope whose engine calls a block by another
/// hash, or uses a hash that elsewhere names another block, translates here; on fleets whose
/// engines agree (vLLM's default) it stays empty.
public struct HashScope: Sendable {
  /// How often a block that was stored twice must be removed.
  public enum DuplicateRule: Sendable {
    /// As often as it was stored: every physical copy sends its own removal (vLLM).
    case counted
    /// Once.
    case once
  }

  public let duplicates: DuplicateRule
  var aliases: [UInt64: UInt64] = [:]

  public init(duplicates: DuplicateRule = .counted) { self.duplicates = duplicates }

  @inline(__always)
  func canonical(_ hash: EngineHash) -> UInt64 {
    aliases.isEmpty ? hash.bits : aliases[hash.bits] ?? hash.bits
  }
}
