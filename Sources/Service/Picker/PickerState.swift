import Synchronization

/// Whether the picker takes requests, as health checks tell it.
final class PickerState: Sendable {
  private let serving = Atomic<Bool>(false)

  var isServing: Bool {
    get { serving.load(ordering: .acquiring) }
    set { serving.store(newValue, ordering: .releasing) }
  }
}
