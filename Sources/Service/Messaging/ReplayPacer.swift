import EPPScorer
import KVIndexer

/// Which sources may have a replay exchange open, so that a fleet that comes back at once is not
/// asked at once.
///
/// A source has one request at a time: it either has a place or waits for one, in the order in
/// which their times come. With a delay a request's time is drawn at random, so that several
/// indexers of one engine do not ask it in the same millisecond either. Who has a place keeps it
/// for the exchange that follows at once, and gives it back when an exchange ends, fails, or becomes
/// pointless, so that each place comes round.
///
/// It belongs to the subscription loop's thread.
final class ReplayPacer {
  private struct Request {
    var source: SourceID
    var notBeforeNanoseconds: UInt64
  }

  private let openMax: Int
  private var random: RandomStream
  private var open: Set<SourceID> = []
  /// By their times; of equal ones the earlier request first.
  private var waiting: [Request] = []

  init(openMax: Int, seed: UInt64) {
    precondition(openMax > 0, "without places no replay would ever begin")
    self.openMax = openMax
    random = RandomStream(seed: seed)
  }

  var openCount: Int { open.count }
  var waitingCount: Int { waiting.count }

  /// When `next(now:)` may have somebody; nil when only a returned place can change anything.
  var wakesAtNanoseconds: UInt64? {
    open.count < openMax ? waiting.first?.notBeforeNanoseconds : nil
  }

  /// Asks for a place.
  ///
  /// - Parameter delayMaxNanoseconds: The request waits for a random time up to this one.
  /// - Returns: Whether the source has a place; else `next(now:)` will name it.
  func request(_ source: SourceID, delayMaxNanoseconds: UInt64 = 0, now: UInt64) -> Bool {
    if open.contains(source) { return true }
    if waiting.contains(where: { $0.source == source }) { return false }
    let delay = delayMaxNanoseconds == 0 ? 0 : 1 + random.below(Int(clamping: delayMaxNanoseconds))
    let time = now &+ UInt64(delay)
    if time <= now, open.count < openMax,
      waiting.first.map({ $0.notBeforeNanoseconds > now }) ?? true
    {
      open.insert(source)
      return true
    }
    let place = waiting.lastIndex { $0.notBeforeNanoseconds <= time }.map { $0 + 1 } ?? 0
    waiting.insert(Request(source: source, notBeforeNanoseconds: time), at: place)
    return false
  }

  /// Gives a place back, or a request up.
  func release(_ source: SourceID) {
    guard open.remove(source) == nil else { return }
    waiting.removeAll { $0.source == source }
  }

  /// Gives a free place to whoever has waited longest; nil when there is none, or nobody is due.
  func next(now: UInt64) -> SourceID? {
    guard open.count < openMax, let first = waiting.first, first.notBeforeNanoseconds <= now else {
      return nil
    }
    waiting.removeFirst()
    open.insert(first.source)
    return first.source
  }
}
