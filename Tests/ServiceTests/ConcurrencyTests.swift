import Service
import Testing

@Suite("Locks and threads")
struct ConcurrencyTests {
  private final class Counter: @unchecked Sendable {
    let lock = Lock()
    let readWriteLock = ReadWriteLock()
    var value = 0
    var shared = (0, 0)
  }

  @Test("A lock lets one thread in at a time")
  func lock() {
    let counter = Counter()
    let threads = (0..<4).map { index in
      WorkerThread(name: "adder \(index)") {
        for _ in 0..<5_000 { counter.lock.withLock { counter.value += 1 } }
      }
    }
    for thread in threads { thread.join() }
    #expect(counter.value == 20_000)
  }

  @Test("Readers of a read-write lock never see half of a write")
  func readWriteLock() {
    let counter = Counter()
    let writer = WorkerThread(name: "writer") {
      for value in 1...5_000 {
        counter.readWriteLock.withWriteLock {
          counter.shared.0 = value
          counter.shared.1 = value
        }
      }
    }
    for _ in 0..<5_000 {
      let (first, second) = counter.readWriteLock.withReadLock { counter.shared }
      #expect(first == second)
    }
    writer.join()
    #expect(counter.shared == (5_000, 5_000))
  }

  @Test("A wait ends at its deadline, and joining twice is harmless")
  func deadline() {
    let condition = ConditionLock()
    let hasTime = condition.withLock {
      condition.wait(untilNanoseconds: MonotonicClock.nowNanoseconds())
    }
    #expect(!hasTime)
    let thread = WorkerThread(name: "brief") {}
    thread.join()
    thread.join()
  }
}
