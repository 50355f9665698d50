/// How fast a renderer answers: an average that forgets.
public struct RendererSpeed: Equatable, Sendable {
  /// Weight of the newest answer.
  private static let weight = 0.2
  /// After so long an average says nothing, so that a renderer that was slow gets another chance.
  static let lifetimeNanoseconds: UInt64 = 2_000_000_000

  private var nanoseconds = 0.0
  private var measuredAt: UInt64?

  public init() {}

  /// Adds an answer that took `latency` nanoseconds.
  public mutating func observe(_ latency: UInt64, at now: UInt64) {
    let old = estimate(at: now) ?? Double(latency)
    nanoseconds = old + Self.weight * (Double(latency) - old)
    measuredAt = now
  }

  /// The average in nanoseconds; nil when there is none or it is too old.
  public func estimate(at now: UInt64) -> Double? {
    guard let measuredAt, now < measuredAt + Self.lifetimeNanoseconds else { return nil }
    return nanoseconds
  }
}

/// Chooses who renders next: all that are ready in turn, but those that are much slower than the
/// fastest of the few that come next.
public struct RendererChoice: Equatable, Sendable {
  /// How many are compared: a large fleet is not searched for each prompt.
  private static let comparedMax = 8
  /// How much slower than the fastest a renderer may be.
  private static let ratioMax = 2.0
  /// What is no difference at all.
  private static let slackNanoseconds = 1_000_000.0

  private var turn = 0

  public init() {}

  /// Chooses one of `count` renderers.
  ///
  /// - Parameters:
  ///   - isReady: Whether the renderer of this number may be called.
  ///   - estimate: How long it takes, in nanoseconds; nil counts as fast, so that it gets measured.
  /// - Returns: Its number, or nil when none is ready.
  /// - Complexity: O(1) while most are ready, O(`count`) when none is.
  public mutating func pick(
    of count: Int, isReady: (Int) -> Bool, estimate: (Int) -> Double?
  ) -> Int? {
    var candidates: [(index: Int, nanoseconds: Double)] = []
    var best = Double.infinity
    for step in 0..<count where candidates.count < Self.comparedMax {
      let index = (turn + step) % count
      guard isReady(index) else { continue }
      let nanoseconds = estimate(index)
      candidates.append((index, nanoseconds ?? 0))
      best = min(best, nanoseconds ?? .infinity)
    }
    let limit = best * Self.ratioMax + Self.slackNanoseconds
    guard let chosen = candidates.first(where: { $0.nanoseconds <= limit }) else { return nil }
    turn = chosen.index + 1
    return chosen.index
  }
}
