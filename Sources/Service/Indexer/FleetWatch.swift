/// Tells observers which endpoints come and go, and how far each can be believed.
///
/// While there are observers, a thread looks at the fleet twenty times a second and tells them what
/// differs; changes that cancel out in between are not seen. Without observers it does nothing.
package final class FleetWatch: @unchecked Sendable {
  package typealias Receiver = @Sendable ([FleetChange]) -> Void

  /// Names one observer.
  package struct Observer: Hashable, Sendable { fileprivate let number: Int }

  /// Observers at a time.
  package static let observersMax = 256
  private static let intervalNanoseconds: UInt64 = 50_000_000
  private static let heartbeatNanoseconds: UInt64 = 10_000_000_000

  private let fleet: SharedFleet
  private let membership: FleetMembership
  private let thread = DutyThread(name: "fleet-watch")
  // Guarded by the thread:
  private var observers: [Observer: Receiver] = [:]
  private var newcomers: Set<Observer> = []
  private var nextNumber = 0

  init(fleet: SharedFleet, membership: FleetMembership) {
    self.fleet = fleet
    self.membership = membership
  }

  func start() {
    thread.start { self.run() }
  }

  func stop() { thread.stop() }

  /// Whether nobody else can begin to observe.
  var isFull: Bool { thread.withLock { _ in observers.count >= Self.observersMax } }

  /// Begins to tell `receive`, on the watch's thread: first all entries and `synced`, then changes.
  ///
  /// A list without changes comes every ten seconds, so that an observer can see whether whoever
  /// it tells is still there.
  ///
  /// - Returns: Nil when there are `observersMax` already.
  package func observe(_ receive: @escaping Receiver) -> Observer? {
    thread.withLock { _ in
      guard observers.count < Self.observersMax else { return nil }
      let observer = Observer(number: nextNumber)
      nextNumber += 1
      observers[observer] = receive
      newcomers.insert(observer)
      return observer
    }
  }

  /// Ends an observation; a call to its receiver may still be under way.
  package func cancel(_ observer: Observer) {
    thread.withLock { _ in observers[observer] = nil }
  }

  private func run() {
    var last: [FleetEntry] = []
    var beatAt: UInt64 = 0
    while let (known, new) = nextRound() {
      let entries = entries()
      let changes = Self.changes(from: last, to: entries)
      last = entries
      let now = MonotonicClock.nowNanoseconds()
      if !changes.isEmpty || now >= beatAt {
        beatAt = now + Self.heartbeatNanoseconds
        for receive in known { receive(changes) }
      }
      for receive in new { receive(entries.map { .present($0) } + [.synced]) }
    }
  }

  /// Waits until it is time to look, or someone new wants to know; nil when the watch stops.
  private func nextRound() -> (known: [Receiver], new: [Receiver])? {
    let due = MonotonicClock.nowNanoseconds() + Self.intervalNanoseconds
    return thread.next {
      if newcomers.isEmpty {
        if observers.isEmpty { return .none }
        if MonotonicClock.nowNanoseconds() < due { return .later(nanoseconds: due) }
      }
      let new = newcomers.compactMap { observers[$0] }
      let known = observers.filter { !newcomers.contains($0.key) }.map(\.value)
      newcomers = []
      return .now((known, new))
    }
  }

  private func entries() -> [FleetEntry] {
    membership.members.flatMap { member -> [FleetEntry] in
      let address = member.address
      guard !member.sources.isEmpty else {
        return [
          FleetEntry(
            key: FleetEntry.Key(endpoint: member.name, rank: 0), address: address,
            model: member.model, blockSize: nil, incarnation: 0, trust: nil)
        ]
      }
      return member.sources.compactMap { source in
        guard let status = fleet.read({ $0.status(of: source.id) }) else { return nil }
        return FleetEntry(
          key: FleetEntry.Key(endpoint: member.name, rank: source.configuration.rank),
          address: address, model: member.model, blockSize: status.blockSize,
          incarnation: Int(status.incarnation.number), trust: status.trust)
      }
    }
  }

  static func changes(from old: [FleetEntry], to new: [FleetEntry]) -> [FleetChange] {
    guard old != new else { return [] }
    let before = Dictionary(old.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    let after = Set(new.map(\.key))
    return old.filter { !after.contains($0.key) }.map { .removed($0) }
      + new.compactMap { entry in
        guard let known = before[entry.key] else { return .added(entry) }
        return known == entry ? nil : .changed(entry)
      }
  }
}
