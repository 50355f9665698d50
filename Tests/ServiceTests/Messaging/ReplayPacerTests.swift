import KVIndexer
import Simulation
import Testing

@testable import Service

@Suite struct ReplayPacerTests {
  private func source(_ number: Int) -> SourceID { SourceID(number) }

  @Test func `so many have a place, and further ones wait their turn`() {
    let pacer = ReplayPacer(openMax: 2, seed: 1)
    let granted = (0..<5).map { pacer.request(source($0), now: 0) }
    #expect(granted == [true, true, false, false, false])
    #expect(pacer.next(now: 0) == nil)
    #expect(pacer.wakesAtNanoseconds == nil)
    pacer.release(source(1))
    #expect(pacer.wakesAtNanoseconds == 0)
    #expect(pacer.next(now: 0) == source(2))
    #expect(pacer.next(now: 0) == nil)
    #expect(pacer.openCount == 2 && pacer.waitingCount == 2)
  }

  @Test func `who comes back waits behind those that wait`() {
    let pacer = ReplayPacer(openMax: 1, seed: 1)
    for number in 0..<3 { _ = pacer.request(source(number), now: 0) }
    pacer.release(source(0))
    #expect(!pacer.request(source(0), now: 1))
    let order = (0..<3).map { _ in
      let next = pacer.next(now: 1)
      next.map { pacer.release($0) }
      return next
    }
    #expect(order == [source(1), source(2), source(0)])
  }

  @Test func `a place is kept for the exchange that follows at once`() {
    let pacer = ReplayPacer(openMax: 1, seed: 1)
    #expect(pacer.request(source(0), now: 0))
    #expect(!pacer.request(source(1), now: 0))
    #expect(pacer.request(source(0), now: 0))
  }

  @Test func `a request that is given up leaves the queue`() {
    let pacer = ReplayPacer(openMax: 1, seed: 1)
    for number in 0..<3 { _ = pacer.request(source(number), now: 0) }
    pacer.release(source(1))
    pacer.release(source(0))
    #expect(pacer.next(now: 0) == source(2))
  }

  @Test func `delays spread what would come at once, by the seed`() {
    func times(seed: UInt64) -> [UInt64] {
      let pacer = ReplayPacer(openMax: 500, seed: seed)
      for number in 0..<500 {
        #expect(!pacer.request(source(number), delayMaxNanoseconds: 1_000, now: 10))
      }
      var times: [UInt64] = []
      while let time = pacer.wakesAtNanoseconds {
        times.append(time)
        #expect(pacer.next(now: time - 1) == nil)
        #expect(pacer.next(now: time) != nil)
      }
      return times
    }
    let first = times(seed: 1)
    #expect(first.count == 500)
    #expect(first == first.sorted())
    #expect(first.allSatisfy { 11...1_010 ~= $0 })
    #expect(Set(first).count > 250)
    #expect(times(seed: 1) == first)
    #expect(times(seed: 2) != first)
  }

  @Test(
    "Every request gets a place in the end, and never more than allowed",
    arguments: TestSeeds.upTo(50))
  func random(seed: UInt64) {
    let pacer = ReplayPacer(openMax: 3, seed: seed)
    var random = SplitMix64(seed: seed)
    var open: Set<SourceID> = []
    var waiting: Set<SourceID> = []
    var now: UInt64 = 0
    for _ in 0..<500 {
      now += random.next() % 10
      let source = source(Int(random.next() % 12))
      switch random.next() % 3 {
      case 0 where !open.contains(source):
        let isOpen = pacer.request(source, delayMaxNanoseconds: random.next() % 30, now: now)
        _ = isOpen ? open.insert(source).inserted : waiting.insert(source).inserted
      case 1:
        pacer.release(source)
        open.remove(source)
        waiting.remove(source)
      default:
        while let next = pacer.next(now: now) {
          #expect(waiting.remove(next) != nil)
          open.insert(next)
        }
      }
      #expect(open.count <= 3)
      #expect(pacer.openCount == open.count)
      #expect(pacer.waitingCount == waiting.count)
    }
    for source in open { pacer.release(source) }
    for _ in waiting {
      guard let next = pacer.next(now: .max) else {
        Issue.record("a request is forgotten")
        return
      }
      waiting.remove(next)
      pacer.release(next)
    }
    #expect(waiting.isEmpty)
  }
}
