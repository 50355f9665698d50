import KVIndexer
import Testing

@testable import Service

/// A start time that changed speaks against an engine only where its stream has shown nothing.
@Suite struct RestartDetectorTests {
  private func mark(_ incarnation: UInt32, _ connections: UInt64) -> RestartDetector.Mark {
    RestartDetector.Mark(incarnation: Incarnation(incarnation), connections: connections)
  }

  /// What comes of looking so many times.
  private func verdicts(
    _ looks: [(startTime: Double?, readAt: UInt64, mark: RestartDetector.Mark)]
  ) -> [Bool] {
    var detector = RestartDetector()
    return looks.map {
      detector.suspects(startTime: $0.startTime, readAt: $0.readAt, $0.mark)
    }
  }

  @Test func `another start time over an unbroken stream is suspect, once`() {
    let same = mark(0, 1)
    #expect(
      verdicts([(100, 1, same), (100, 2, same), (100, 2, same), (160, 3, same), (160, 4, same)])
        == [false, false, false, true, false])
  }

  @Test(arguments: [(1, 1), (0, 2), (1, 2)])
  func `a stream that broke or began anew has answered already`(
    _ incarnation: UInt32, _ connections: UInt64
  ) {
    let later = mark(incarnation, connections)
    #expect(
      verdicts([(100, 1, mark(0, 1)), (160, 2, later), (160, 3, later)]) == [false, false, false])
  }

  @Test func `a read that is older than the restart does not count as made after it`() {
    // The old page comes to notice when the new connection stands already.
    #expect(
      verdicts([(100, 1, mark(0, 1)), (100, 2, mark(0, 2)), (160, 3, mark(0, 2))])
        == [false, false, false])
  }

  @Test func `a clock that is set a little, and metrics without a start time, are no signs`() {
    let looks = [100, 101.5, nil, 100.5, 99].enumerated().map {
      (startTime: $1, readAt: UInt64($0), mark: mark(0, 1))
    }
    #expect(verdicts(looks) == [false, false, false, false, false])
  }
}
