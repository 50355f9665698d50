/// Decodes the KV events of every known engine version, and of those that come, as far as it can.
///
/// A message is a msgpack batch of events. vLLM up to 0.23 writes an event as an array, whose
/// length tells the version, and later ones as a map; a development version wrote the batch as a
/// map too. The decoder takes what is there: fields that it does not know, more elements than it
/// knows and nil where a value is optional are fine, and counted where they are unexpected.
///
/// It is total: no bytes make it trap, recurse without bound, or reserve more than a small multiple
/// of their own length. The memory is the batch's, reused from message to message.
public struct EventDecoder: Sendable {
  private let seed: UInt64
  private var recentLoRAName: String?
  public private(set) var counters = EventDecodingCounters()

  /// Makes a decoder that reduces hashes of bytes, and extra keys, under `seed`.
  ///
  /// The hashes and digests of two decoders can be compared if their seeds are equal.
  public init(seed: UInt64) { self.seed = seed }

  /// Decodes one message into `batch`, whose former contents are forgotten.
  ///
  /// An event that can't be understood is left out alone. `batch.skippedEvents` counts those that
  /// may have changed what the engine holds.
  ///
  /// - Throws: `EventDecodingError` when the message as a whole can't be read; `batch` is then
  ///   empty.
  /// - Complexity: O(bytes of the message); allocates only to grow the buffers of `batch`, and for
  ///   the name of an adapter that the event before did not have.
  public mutating func decode(
    _ payload: UnsafeRawBufferPointer, into batch: inout EventBatch
  ) throws(EventDecodingError) {
    batch.removeAll()
    guard let start = payload.baseAddress else {
      counters.refusedBatches += 1
      throw EventDecodingError(.truncated, at: 0)
    }
    var reader = EventReader(
      cursor: MsgpackCursor(start: start, count: payload.count), seed: seed,
      recentLoRAName: recentLoRAName)
    do {
      try reader.readBatch(into: &batch)
    } catch {
      batch.removeAll()
      counters.refusedBatches += 1
      throw error
    }
    recentLoRAName = reader.recentLoRAName
    counters += reader.counters
  }
}
