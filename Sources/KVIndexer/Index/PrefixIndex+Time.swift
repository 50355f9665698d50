import CIntrinsics

extension PrefixIndex {
  /// Periods that pass at most with one call: after a long pause the count catches up by and by,
  /// so that the sweep keeps ahead of it.
  private static var periodsMax: UInt32 { 16 }

  /// Tells the time: what is stored, lost and matched from now on happens then.
  ///
  /// - Complexity: O(1), and of every node 1/2000 for each tenth of a second that passed.
  public mutating func advance(to now: CoarseTime) {
    if paced.tenths == 0 { paced = now }
    clock = max(clock, now)
    guard now > paced else { return }
    let elapsed = min(now.tenths - paced.tenths, Self.periodsMax * NodeUse.periodTenths)
    paced.tenths += elapsed
    periodTenths += elapsed
    period = NodeUse.period(period, plus: periodTenths / NodeUse.periodTenths)
    periodTenths %= NodeUse.periodTenths
    let sweepTenths = NodeUse.sweepPeriods * Int(NodeUse.periodTenths)
    sweep(Int(nodes.touched) * Int(elapsed) / sweepTenths + 1)
  }

  /// Tells the time between two calls of `advance`.
  @inline(__always)
  mutating func note(_ now: CoarseTime) { clock = max(clock, now) }

  /// Lets the next nodes forget matches of long ago.
  private mutating func sweep(_ count: Int) {
    for _ in 0..<min(count, Int(nodes.touched)) {
      if sweepHand >= nodes.touched { sweepHand = 0 }
      var use = NodeUse(bits: nodes.hot[Int(sweepHand)].use)
      use.forget(in: period)
      nodes.hot[Int(sweepHand)].use = use.bits
      sweepHand += 1
    }
  }

  /// Seconds since the last match of a run, to four seconds; nil when none is remembered.
  func secondsSinceMatch(_ node: UInt32) -> Double? {
    use(of: node).age(in: period)
      .map { Double($0) * Double(NodeUse.periodTenths) / 10 }
  }

  /// In how many of the last eight periods of four seconds a match passed the run.
  func recentReads(_ node: UInt32) -> Int {
    use(of: node).reads(in: period)
  }

  /// Matches may be writing it at the same time.
  private func use(of node: UInt32) -> NodeUse {
    NodeUse(bits: ci_load_relaxed(&nodes.hot[Int(node)].use))
  }
}
