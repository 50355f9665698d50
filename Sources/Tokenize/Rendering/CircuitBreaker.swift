/// Decides whether a renderer may be called, from how calls of it ended.
///
///     closed ──faults in a row, a refusal, or a failed trial──▶ open
///       ▲                                                         │ the back-off passed
///       └─────────── trial succeeded ─────── halfOpen ◀───────────┘
///                                               └── trial failed ──▶ open, for twice as long
///
/// A trial is a call that no request waits for, so that none pays for finding out. The back-off
/// shrinks again once a real call succeeds. A refusal, such as render endpoints that are switched
/// off, is remembered for longer: only an operator can mend it.
public struct CircuitBreaker: Equatable, Sendable {
  public struct Settings: Equatable, Sendable {
    /// Faults in a row that open it.
    public var faultsMax = 3
    /// How long it stays open the first time.
    public var backOffMin = Duration.seconds(1)
    public var backOffMax = Duration.seconds(10)
    /// How long it stays open after a refusal.
    public var refusalBackOff = Duration.seconds(30)

    public init() {}
  }

  public enum Phase: String, CaseIterable, Sendable {
    /// Calls are let through.
    case closed
    /// Nothing is let through until the back-off has passed.
    case open
    /// One trial is under way.
    case halfOpen = "half_open"
  }

  /// How a call ended, as far as it tells of the renderer.
  public enum Outcome: Sendable {
    case success
    /// It may go better next time.
    case fault
    /// It will not go better by itself.
    case refusal
  }

  public private(set) var phase = Phase.closed
  /// When a trial is due, in nanoseconds of the caller's clock; nil while it is not open.
  public private(set) var retryAt: UInt64?
  private let settings: Settings
  private var faults = 0
  private var backOff: Duration

  /// A closed breaker.
  public init(_ settings: Settings = Settings()) {
    self.settings = settings
    backOff = settings.backOffMin
  }

  public var isClosed: Bool { phase == .closed }

  /// Takes the outcome of a call that was let through; one that ends after it opened counts no more.
  public mutating func record(_ outcome: Outcome, at now: UInt64) {
    guard phase == .closed else { return }
    switch outcome {
    case .success:
      faults = 0
      backOff = settings.backOffMin
    case .fault:
      faults += 1
      if faults >= settings.faultsMax { open(.fault, at: now) }
    case .refusal:
      open(.refusal, at: now)
    }
  }

  /// Begins a trial if one is due; the caller then ends it.
  ///
  /// - Returns: Whether it was due. A closed breaker stays closed.
  public mutating func beginTrial(at now: UInt64) -> Bool {
    switch phase {
    case .closed: return true
    case .halfOpen: return false
    case .open:
      guard let retryAt, retryAt <= now else { return false }
      phase = .halfOpen
      self.retryAt = nil
      return true
    }
  }

  /// Ends a trial: any failure opens the breaker at once.
  public mutating func endTrial(_ outcome: Outcome, at now: UInt64) {
    if outcome == .success {
      phase = .closed
      retryAt = nil
      faults = 0
    } else {
      open(outcome, at: now)
    }
  }

  private mutating func open(_ cause: Outcome, at now: UInt64) {
    phase = .open
    let wait = cause == .refusal ? settings.refusalBackOff : backOff
    if cause == .fault { backOff = min(backOff * 2, settings.backOffMax) }
    retryAt = now + wait.wholeNanoseconds
  }
}
