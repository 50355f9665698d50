/// What was delivered by one endpoint for one model, and what each way of predicting made of it.
final class ShadowRow: @unchecked Sendable {
  private let lock = Lock()
  private var counted = ShadowFigures()

  var figures: ShadowFigures { lock.withLock { counted } }

  /// Counts one request.
  func add(_ figures: ShadowFigures) { lock.withLock { counted += figures } }
}
