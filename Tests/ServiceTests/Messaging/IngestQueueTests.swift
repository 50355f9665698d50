import KVIndexer
import Service
import Testing

@Suite("Ingest queue")
struct IngestQueueTests {
  private func batch(_ sequence: UInt64, source: Int = 0, bytes: Int = 1) -> Delivery {
    Delivery(
      source: SourceID(source), incarnation: Incarnation(0),
      content: .batch(
        sequence: sequence, payload: [UInt8](repeating: 0, count: bytes),
        receivedAtNanoseconds: 0))
  }

  private let control = Delivery(
    source: SourceID(0), incarnation: Incarnation(1), content: .newIncarnation(.unproven))

  @Test("A source that has its share is refused; others and control items are not")
  func shares() {
    var limits = IngestQueue.Limits()
    limits.sourceBatchesMax = 2
    let queue = IngestQueue(limits: limits)
    #expect(queue.push(batch(0)))
    #expect(queue.push(batch(1)))
    #expect(!queue.push(batch(2)))
    #expect(queue.push(control))
    #expect(queue.push(batch(0, source: 1)))
    #expect(queue.statistics == (deliveries: 4, bytes: 3, refused: 1))
    var taken: [Delivery] = []
    #expect(queue.take(into: &taken))
    #expect(taken == [batch(0), batch(1), control, batch(0, source: 1)])
    #expect(queue.push(batch(2)))
  }

  @Test("Bytes are limited for a source and for all, but any single batch fits an empty queue")
  func bytes() {
    var limits = IngestQueue.Limits()
    limits.sourceBytesMax = 100
    limits.bytesMax = 150
    let queue = IngestQueue(limits: limits)
    #expect(queue.push(batch(0, bytes: 500)))
    #expect(!queue.push(batch(1, bytes: 1)))
    var taken: [Delivery] = []
    #expect(queue.take(into: &taken))
    #expect(queue.push(batch(1, bytes: 90)))
    #expect(!queue.push(batch(2, bytes: 20)))
    #expect(queue.push(batch(0, source: 1, bytes: 60)))
    #expect(!queue.push(batch(1, source: 1, bytes: 1)))
  }

  @Test("Who asked for room in vain is told once when something was taken")
  func room() {
    var limits = IngestQueue.Limits()
    limits.sourceBatchesMax = 2
    limits.sourceBytesMax = 100
    let queue = IngestQueue(limits: limits)
    let told = Tally()
    queue.onRoom { told.add() }
    var taken: [Delivery] = []
    #expect(queue.hasRoom(for: SourceID(0), bytes: 500))
    #expect(queue.push(batch(0)))
    #expect(queue.take(into: &taken))
    #expect(told.value == 0)
    #expect(queue.push(batch(1)))
    #expect(!queue.hasRoom(for: SourceID(0), bytes: 100))
    #expect(queue.hasRoom(for: SourceID(0), bytes: 99))
    #expect(queue.hasRoom(for: SourceID(1), bytes: 100))
    #expect(queue.push(batch(2)))
    #expect(!queue.hasRoom(for: SourceID(0), bytes: 1))
    #expect(queue.take(into: &taken))
    #expect(told.value == 1)
    #expect(queue.hasRoom(for: SourceID(0), bytes: 1))
    #expect(queue.push(batch(3)))
    #expect(queue.take(into: &taken))
    #expect(told.value == 1)
  }

  private final class Tally: @unchecked Sendable {
    private let lock = Lock()
    private var count = 0

    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
  }

  @Test("A consumer waits for deliveries and gets all of them in order, then the end")
  func threads() {
    let queue = IngestQueue()
    let producer = WorkerThread(name: "producer") {
      for sequence in 0..<UInt64(10_000) { _ = queue.push(batch(sequence)) }
      queue.close()
    }
    var next: UInt64 = 0
    var taken: [Delivery] = []
    while queue.take(into: &taken) {
      for delivery in taken {
        #expect(delivery == batch(next))
        next += 1
      }
    }
    producer.join()
    #expect(next == 10_000)
    #expect(queue.push(batch(0)))
    #expect(!queue.take(into: &taken))
  }
}
