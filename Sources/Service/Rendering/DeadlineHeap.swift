/// Things with a time, the earliest first: a binary heap.
///
/// Nothing is taken out before its time; who no longer cares ignores it then.
struct DeadlineHeap<Element> {
  private struct Entry {
    var time: UInt64
    var element: Element
  }

  private var entries: [Entry] = []

  var count: Int { entries.count }
  var earliest: UInt64? { entries.first?.time }

  mutating func insert(_ element: Element, at time: UInt64) {
    var child = entries.count
    entries.append(Entry(time: time, element: element))
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].time < entries[parent].time else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest element out if its time has come.
  mutating func popDue(at now: UInt64) -> Element? {
    guard let first = entries.first, first.time <= now else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink()
    }
    return first.element
  }

  /// Keeps only what is still wanted.
  mutating func removeAll(where isUnwanted: (Element) -> Bool) {
    let kept = entries.filter { !isUnwanted($0.element) }
    entries = []
    for entry in kept { insert(entry.element, at: entry.time) }
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { return }
      if child + 1 < entries.count, entries[child + 1].time < entries[child].time { child += 1 }
      guard entries[child].time < entries[parent].time else { return }
      entries.swapAt(child, parent)
      parent = child
    }
  }
}
