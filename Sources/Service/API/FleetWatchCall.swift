/// `kvindexer.v1.KVIndexer/Watch`: one client that is told how the fleet changes.
final class FleetWatchCall: GRPCStreamHandler, @unchecked Sendable {
  private let call: GRPCCall
  private let watch: FleetWatch
  /// Of the thread that serves the call.
  private var observer: FleetWatch.Observer?
  private var isOver = false

  init(_ call: GRPCCall, _ watch: FleetWatch) {
    self.call = call
    self.watch = watch
  }

  /// The request has no fields: its arrival begins the watch.
  func onMessage(_ message: UnsafeRawBufferPointer) {
    guard observer == nil, !isOver else { return }
    observer = watch.observe { [call] changes in
      for change in changes { call.send(WatchEventMessage(change)) }
    }
    if observer == nil {
      isOver = true
      call.finish(
        GRPCStatus(.resourceExhausted, "\(FleetWatch.observersMax) watches are open already"))
    }
  }

  func onHalfClose() {}

  func onCancel() { end() }

  func onShutdown() {
    guard !isOver else { return }
    end()
    call.finish(GRPCStatus(.unavailable, "the indexer stops"))
  }

  private func end() {
    isOver = true
    if let observer { watch.cancel(observer) }
  }
}
