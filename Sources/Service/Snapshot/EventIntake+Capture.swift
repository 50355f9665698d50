import KVIndexer

extension EventIntake {
  /// Captures that are begun anew before one is taken without letting anybody change the index.
  private static let attemptsMax = 8

  /// Copies what the index knows, between two messages, while matches go on.
  ///
  /// Events wait meanwhile, so that each source is as of its last applied message.
  func capture() -> CapturedSnapshot {
    ingest.errands.perform { [fleet] in
      for _ in 0..<Self.attemptsMax {
        if let captured = Self.attempt(fleet) { return captured }
      }
      return fleet.read { fleet in
        var capture = SnapshotCapture(
          hasher: fleet.hasher, writtenAt: UInt64(WallClock.seconds()))
        while case .more = capture.advance(over: fleet) { capture.settle() }
        return capture.finish()
      }
    }
  }

  /// One capture in slices; nil when somebody else changed the index meanwhile.
  private static func attempt(_ fleet: SharedFleet) -> CapturedSnapshot? {
    var capture = SnapshotCapture(
      hasher: fleet.hasher, writtenAt: UInt64(WallClock.seconds()))
    while true {
      let progress = fleet.read { capture.advance(over: $0) }
      switch progress {
      case .more: capture.settle()
      case .complete: return capture.finish()
      case .overtaken: return nil
      }
    }
  }
}
