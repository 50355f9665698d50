/// Reads a snapshot that comes over the replay socket, as vLLM's pull request 50134 proposes it.
///
/// ```
/// request   ["", "snapshot"]                  where a request for a replay has eight bytes, too
/// answer    ["", topic, resume, payload] ...  as replayed messages, each with the same number
/// its end   ["", "", ff × 8, ""]              the end of a replay
/// ```
///
/// An engine that knows nothing of snapshots reads the request as a sequence in the far future, and
/// answers with the end alone. So does one that can't tell what it caches.
///
/// Every message is decoded when it comes: what is not understood completely is no snapshot, and
/// must be known to be none before anything is dropped for it.
public struct ReplaySocketSnapshot: ~Copyable {
  /// The frame that asks for a snapshot.
  public static let request = Array("snapshot".utf8)

  private let bytesMax: Int
  private var resume: UInt64?
  private var payloads: [[UInt8]] = []
  private var byteCount = 0
  // Nothing is looked up by what is decoded, so that any seed will do.
  private var decoder = EventDecoder(seed: 0)
  private var batch = EventBatch()

  /// Nothing has come yet.
  ///
  /// - Parameter bytesMax: Of all payloads.
  public init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// Takes a message of the answer.
  ///
  /// - Throws: `CacheSnapshotError` when the answer can't be a snapshot.
  public mutating func append(
    _ payload: UnsafeRawBufferPointer, resume: UInt64
  ) throws(CacheSnapshotError) {
    guard self.resume ?? resume == resume else { throw .resumesElsewhere }
    guard byteCount + payload.count <= bytesMax else { throw .tooLarge(bytesMax: bytesMax) }
    try check(payload)
    self.resume = resume
    payloads.append(Array(payload))
    byteCount += payload.count
  }

  private mutating func check(_ payload: UnsafeRawBufferPointer) throws(CacheSnapshotError) {
    do throws(EventDecodingError) {
      try decoder.decode(payload, into: &batch)
    } catch {
      throw .undecodable
    }
    guard batch.skippedEvents == 0 else { throw .undecodable }
    for position in batch.events.indices {
      let isFirst = resume == nil && position == 0
      guard (batch.events[position].kind == .cleared) == isFirst else { throw .misplacedClear }
    }
    guard resume != nil || !batch.events.isEmpty else { throw .misplacedClear }
  }

  /// What has come, now that the end has; nil where the engine offers no snapshot.
  public consuming func finish() -> CacheSnapshot? {
    resume.map { CacheSnapshot(resume: $0, payloads: payloads, byteCount: byteCount) }
  }
}
