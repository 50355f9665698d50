extension Histogram.Snapshot {
  /// The value that a share of the observations since `earlier` does not exceed.
  ///
  /// It lies on a straight line inside its bucket; past the last bound it is that bound.
  ///
  /// - Parameters:
  ///   - share: In [0, 1].
  ///   - earlier: What the same histogram held before.
  /// - Returns: Nil when nothing was observed since.
  func quantile(_ share: Double, since earlier: Histogram.Snapshot) -> Double? {
    let counts = zip(cumulativeCounts, earlier.cumulativeCounts).map { $0 - $1 }
    guard let total = counts.last, total > 0, bounds == earlier.bounds else { return nil }
    let wanted = share * Double(total)
    var below = 0
    for (index, bound) in bounds.enumerated() {
      if Double(counts[index]) >= wanted {
        let lower = index > 0 ? bounds[index - 1] : 0
        let inside = counts[index] - below
        let part = inside > 0 ? (wanted - Double(below)) / Double(inside) : 1
        return lower + (bound - lower) * part
      }
      below = counts[index]
    }
    return bounds.last
  }
}
