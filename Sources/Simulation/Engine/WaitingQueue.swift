/// Requests that hold no blocks: preempted ones before new ones.
///
/// A preempted request goes to the very front, so the last one preempted is the first to return.
struct WaitingQueue {
  private var preempted: [ScheduledRequest] = []
  private var arrived: [ScheduledRequest?] = []
  private var head = 0

  var count: Int { preempted.count + arrived.count - head }

  var first: ScheduledRequest? {
    preempted.last ?? (head < arrived.count ? arrived[head] : nil)
  }

  mutating func append(_ request: ScheduledRequest) {
    arrived.append(request)
  }

  mutating func prepend(_ request: ScheduledRequest) {
    preempted.append(request)
  }

  /// Takes the first request; there must be one.
  mutating func removeFirst() -> ScheduledRequest {
    if let request = preempted.popLast() { return request }
    guard let request = arrived[head].take() else {
      preconditionFailure("slot \(head) of the waiting queue is empty")
    }
    head += 1
    if 2 * head > arrived.count {
      arrived.removeFirst(head)
      head = 0
    }
    return request
  }
}
