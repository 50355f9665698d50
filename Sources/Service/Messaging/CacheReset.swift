package import KVIndexer

/// Somebody's word that an engine's cache is empty, on its way to the index.
///
/// The subscription loop puts it behind the messages that it has received, and whoever asked is
/// told when it was applied. It is forgotten, untold, when the service stops before.
package final class CacheReset: Sendable, Equatable {
  package enum Kind: Sendable {
    /// The cache was emptied.
    case clear
    /// And nothing of before is valid any more: new weights, for example.
    case incarnation
  }

  package enum Outcome: Sendable, Equatable {
    /// Residencies dropped, and the incarnation that the source has now.
    case done(droppedBlocks: Int, Incarnation)
    case refused(FenceOutcome)
    /// The source is not followed any more.
    case unknownSource
  }

  package let kind: Kind
  private let finish: @Sendable (Outcome) -> Void

  /// - Parameter finish: Called once, on the thread of the loop or of the ingest.
  package init(_ kind: Kind, finish: @escaping @Sendable (Outcome) -> Void) {
    self.kind = kind
    self.finish = finish
  }

  func end(_ outcome: Outcome) { finish(outcome) }

  package static func == (a: CacheReset, b: CacheReset) -> Bool { a === b }
}
