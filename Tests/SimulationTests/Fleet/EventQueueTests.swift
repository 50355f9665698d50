import Testing

@testable import Simulation

@Suite struct EventQueueTests {
  @Test(arguments: [1, 2, 3])
  func `Events come by time, and equal times in their order`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var queue = EventQueue<Int>()
    var expected: [(UInt64, Int)] = []
    for number in 0..<500 {
      let time = UInt64(random.below(50))
      queue.add(number, at: time)
      expected.append((time, number))
    }
    expected.sort { $0 < $1 }
    for (time, number) in expected {
      #expect(queue.nextTime == time)
      let next = queue.next()
      #expect(next?.time == time && next?.event == number)
    }
    #expect(queue.next() == nil && queue.nextTime == nil)
  }
}
