/// All that an engine caches, told by itself, as of one place in its stream.
///
/// It says the same as the history up to that place would. There are several protocols by which an
/// engine may offer one; each has a reader of its own, which makes this of what arrives, and nothing
/// behind the reader knows protocols apart. `ReplaySocketSnapshot` is such a reader.
public struct CacheSnapshot: Sendable, Equatable {
  /// The sequence of the first message that is not contained.
  public let resume: UInt64
  /// Event batches as the live stream carries them, in order, of which the first event empties the
  /// cache.
  public let payloads: [[UInt8]]
  /// Of all payloads.
  public let byteCount: Int
}

/// Why what an engine sends is no snapshot.
public enum CacheSnapshotError: Error, Sendable, Equatable {
  /// Frames contradict each other about where the live stream goes on.
  case resumesElsewhere
  /// It does not begin with an empty cache, or empties the cache again.
  case misplacedClear
  /// A message can't be decoded, or an event of it.
  case undecodable
  /// It is larger than its bound, in bytes.
  case tooLarge(bytesMax: Int)
}
