package import KVIndexer

extension SharedFleet {
  /// Captures that are begun anew before one is taken without letting anybody change the index.
  private static let attemptsMax = 8

  /// Copies what the index knows, in slices between which matches go on.
  ///
  /// To be called where no events are applied meanwhile, so that each source is as of its last
  /// applied message. Others may change the index, rarely; then it is begun anew.
  package func capture() -> CapturedSnapshot {
    for _ in 0..<Self.attemptsMax {
      if let captured = attempt() { return captured }
    }
    return read { fleet in
      var capture = SnapshotCapture(
        hasher: fleet.hasher, writtenAt: UInt64(WallClock.seconds()))
      while case .more = capture.advance(over: fleet) { capture.settle() }
      return capture.finish()
    }
  }

  /// One capture in slices; nil when somebody changed the index meanwhile.
  private func attempt() -> CapturedSnapshot? {
    var capture = SnapshotCapture(hasher: hasher, writtenAt: UInt64(WallClock.seconds()))
    while true {
      let progress = read { capture.advance(over: $0) }
      switch progress {
      case .more: capture.settle()
      case .complete: return capture.finish()
      case .overtaken: return nil
      }
    }
  }
}

extension EventIntake {
  /// Copies what the index knows, between two messages; events wait meanwhile.
  func capture() -> CapturedSnapshot {
    ingest.errands.perform { [fleet] in fleet.capture() }
  }
}
