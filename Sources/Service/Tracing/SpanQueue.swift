/// Spans that wait to be sent, and the batch that is being sent: a value without I/O.
struct SpanQueue {
  /// Why a batch was not taken.
  enum Failure: Equatable {
    /// It may be taken later.
    case passing
    case final
  }

  private let settings: TracingSettings
  private var waiting: [Span] = []
  /// When the first of them came.
  private var since: UInt64 = 0
  private var batch: ArraySlice<Span> = []
  private var attempts = 0
  /// When the batch may be sent again.
  private var notBefore: UInt64 = 0
  private var isSending = false
  /// Whether nothing more is waited for.
  private(set) var isEnding = false

  init(_ settings: TracingSettings) { self.settings = settings }

  var isEmpty: Bool { waiting.isEmpty && batch.isEmpty }
  var count: Int { waiting.count + batch.count }

  /// Takes spans; those that find no place are left out.
  ///
  /// - Returns: Spans left out, and whether there is something to be done now.
  mutating func add(_ spans: [Span], now: UInt64) -> (dropped: Int, wakes: Bool) {
    let room = max(settings.queueMax - count, 0)
    let taken = spans.prefix(room)
    if waiting.isEmpty { since = now }
    let before = waiting.count
    waiting += taken
    let wakes =
      !taken.isEmpty
      && (before == 0 || (before < settings.batchMax && waiting.count >= settings.batchMax))
    return (spans.count - taken.count, wakes)
  }

  /// What is to be sent now; the next call has to wait for `sent` or `failed`.
  mutating func next(now: UInt64) -> ArraySlice<Span>? {
    guard !isSending else { return nil }
    if batch.isEmpty, isDue(now) {
      batch = waiting.prefix(settings.batchMax)
      waiting.removeFirst(batch.count)
      since = now
      attempts = 0
      notBefore = now
    }
    guard !batch.isEmpty, now >= notBefore || isEnding else { return nil }
    isSending = true
    attempts += 1
    return batch
  }

  /// When there is something to be done that no event brings about; nil for never.
  var wakesAt: UInt64? {
    if isSending { return nil }
    if !batch.isEmpty { return notBefore }
    return waiting.isEmpty ? nil : since + settings.interval.wholeNanoseconds
  }

  private func isDue(_ now: UInt64) -> Bool {
    guard !waiting.isEmpty else { return false }
    return isEnding || waiting.count >= settings.batchMax
      || now >= since + settings.interval.wholeNanoseconds
  }

  /// The batch was taken.
  ///
  /// - Returns: Its spans.
  mutating func sent() -> Int {
    defer { batch = [] }
    isSending = false
    return batch.count
  }

  /// The batch was not taken.
  ///
  /// - Returns: Spans that are given up.
  mutating func failed(_ failure: Failure, now: UInt64) -> Int {
    isSending = false
    guard failure == .passing, attempts < settings.attemptsMax, !isEnding else {
      defer { batch = [] }
      return batch.count
    }
    notBefore = now + settings.retryPause.wholeNanoseconds << UInt64(attempts - 1)
    return 0
  }

  /// From now on everything is sent at once, and once.
  mutating func end() { isEnding = true }
}
