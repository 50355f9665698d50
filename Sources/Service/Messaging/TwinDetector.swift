import KVIndexer

/// Finds sources that bring the same messages: two names for one engine.
///
/// Engines write their clock into every message, so equal payloads under equal numbers, again and
/// again, come from one publisher. What is remembered is the last messages of all sources, each in
/// the slot that its digest says.
///
/// It belongs to the subscription loop's thread.
final class TwinDetector {
  /// Agreements before two sources count as one publisher; one could be a replay that we were sent
  /// by mistake.
  private static let agreementsMin = 3
  private static let slotCount = 4_096
  /// Pairs that are counted at a time; more begin anew.
  private static let pairsMax = 1_024

  private struct Sighting {
    var sequence: UInt64
    var digest: PayloadDigest
    var source: SourceID
  }

  private struct Pair: Hashable {
    var one: SourceID
    var other: SourceID
  }

  private var slots: [Sighting?] = Array(repeating: nil, count: slotCount)
  private var agreements: [Pair: Int] = [:]

  /// Takes note of a message.
  ///
  /// - Returns: The source that is the same engine as this one, when that has just become certain.
  func note(_ sequence: UInt64, _ digest: PayloadDigest, from source: SourceID) -> SourceID? {
    let slot = Int(truncatingIfNeeded: digest.bits & UInt64(Self.slotCount - 1))
    let sighting = Sighting(sequence: sequence, digest: digest, source: source)
    guard let known = slots[slot], known.digest == digest, known.sequence == sequence else {
      slots[slot] = sighting
      return nil
    }
    guard known.source != source else { return nil }
    let isOrdered = known.source.index < source.index
    let pair = Pair(
      one: isOrdered ? known.source : source, other: isOrdered ? source : known.source)
    if agreements.count >= Self.pairsMax, agreements[pair] == nil { agreements = [:] }
    agreements[pair, default: 0] += 1
    return agreements[pair] == Self.agreementsMin ? known.source : nil
  }

  /// Forgets a source that is removed, or whose engine is another one.
  func forget(_ source: SourceID) {
    agreements = agreements.filter { $0.key.one != source && $0.key.other != source }
    for slot in slots.indices where slots[slot]?.source == source { slots[slot] = nil }
  }
}
