import KVIndexer

/// Follows live engines and prints what their events say.
package final class Tap: @unchecked Sendable {
  private let lock = Lock()
  private let print: @Sendable (String) -> Void
  private let names: [String]
  private var decoder = EventDecoder(seed: 0)
  private var batch = EventBatch()
  private var batches = 0
  private var loop: SubscriptionLoop?

  /// A tap on event endpoints, such as `tcp://127.0.0.1:5557`.
  ///
  /// - Parameter print: Takes one line a call, on the subscriptions' thread.
  package init(_ targets: [SubscriptionTarget], print: @escaping @Sendable (String) -> Void)
    throws(ZMQError)
  {
    self.print = print
    names = targets.map(\.endpoint)
    let outlet = SubscriptionOutlet { [weak self] in
      self?.show($0)
      return true
    }
    let loop = SubscriptionLoop(outlet)
    self.loop = loop
    for target in targets { try loop.add(target) }
    loop.start()
  }

  /// Ends the subscriptions; returns a summary of what came and what was not understood.
  package func stop() -> String {
    loop?.stop()
    return lock.withLock {
      let counters = decoder.counters
      let skipped = EventSkipCause.allCases.filter { counters[$0] > 0 }
        .map { "\(counters[$0]) \($0.name)" }
      return """
        \(batches) batches: \(counters.stored) stored, \(counters.removed) removed, \
        \(counters.cleared) cleared; skipped \(skipped.isEmpty ? "none" : skipped.joined(separator: ", ")); \
        \(counters.unknownTags) unknown kinds, \(counters.unknownFields) unknown fields, \
        \(counters.refusedBatches) batches not decodable
        """
    }
  }

  private func show(_ delivery: Delivery) {
    let source = names[delivery.source.index]
    switch delivery.content {
    case .batch(let sequence, let payload, _):
      lock.withLock { show(payload, sequence, source) }
    case .newIncarnation(let cause): print("\(source) a new engine cache (\(cause.name))")
    case .snapshot(let snapshot, _):
      print("\(source) a snapshot of the engine's cache, as of before \(snapshot.resume)")
    case .state(let state): print("\(source) \(Self.text(state))")
    case .reset, .removed: break
    }
  }

  private func show(_ payload: [UInt8], _ sequence: UInt64, _ source: String) {
    batches += 1
    do throws(EventDecodingError) {
      try payload.span.withUnsafeBytes { bytes throws(EventDecodingError) in
        try decoder.decode(bytes, into: &batch)
      }
    } catch {
      print("\(source) seq \(sequence) can't be decoded: \(error)")
      return
    }
    for line in EventText.lines(
      batch, sequence: sequence, source: source, now: WallClock.seconds())
    {
      print(line)
    }
  }

  private static func text(_ state: TrackerState) -> String {
    switch state {
    case .connecting: "connecting"
    case .bootstrapping: "connected; fetching earlier events"
    case .live(.complete, let replaying): replaying ? "replaying missed events" : "live, complete"
    case .live(.incomplete(let cause), _): "live, history incomplete: \(cause.name)"
    case .disconnected: "disconnected"
    }
  }
}
