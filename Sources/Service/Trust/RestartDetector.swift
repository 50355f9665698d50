import KVIndexer

/// Notices by the start time in an engine's metrics that its process is another one, where the
/// event stream has not shown it.
///
/// A stream that broke meanwhile has its own proof to make, and a new incarnation is the answer
/// already; only where neither happened there is something to suspect.
struct RestartDetector {
  /// What the event stream was like at one moment.
  struct Mark: Equatable {
    var incarnation: Incarnation
    var connections: UInt64
  }

  /// Clocks are set by less than this when they are kept right.
  private static let toleranceSeconds = 2.0

  private var known: (startTime: Double, mark: Mark)?
  private var readAt: UInt64?
  /// The stream before the present moment: a read is older than the moment it is looked at.
  private var earlier: Mark?

  /// Says whether the engine is to be suspected.
  ///
  /// - Parameters:
  ///   - startTime: Of the engine's process, as its metrics say; nil where they do not.
  ///   - readAt: When they said it.
  ///   - mark: The stream as it is now.
  mutating func suspects(startTime: Double?, readAt: UInt64?, _ mark: Mark) -> Bool {
    defer { earlier = mark }
    guard let startTime, let readAt, readAt != self.readAt else { return false }
    self.readAt = readAt
    guard let known, abs(startTime - known.startTime) > Self.toleranceSeconds else {
      known = (known?.startTime ?? startTime, earlier ?? mark)
      return false
    }
    self.known = (startTime, mark)
    return known.mark == mark
  }
}
