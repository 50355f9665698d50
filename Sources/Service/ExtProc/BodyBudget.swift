import Synchronization

/// Counts the bytes of bodies that all streams hold, and says when there are too many.
final class BodyBudget: Sendable {
  private let bytesMax: Int
  private let held = Atomic<Int>(0)

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  var heldBytes: Int { held.load(ordering: .relaxed) }

  /// - Returns: Whether there is room; if not, nothing is taken.
  func take(_ bytes: Int) -> Bool {
    let (_, after) = held.wrappingAdd(bytes, ordering: .relaxed)
    guard after > bytesMax else { return true }
    giveBack(bytes)
    return false
  }

  func giveBack(_ bytes: Int) { held.wrappingSubtract(bytes, ordering: .relaxed) }
}
