package import KVIndexer

/// Where a subscription loop puts what it brings and finds; called on the loop's thread.
package struct SubscriptionOutlet: Sendable {
  /// Takes a delivery, or refuses it; deliveries other than batches must not be refused.
  package var sink: @Sendable (Delivery) -> Bool
  /// Whether a batch of so many bytes would be taken now.
  ///
  /// Who says no calls `noteRoom` of the loop once there may be room.
  package var hasRoom: @Sendable (SourceID, _ bytes: Int) -> Bool = { _, _ in true }
  /// Told of two sources that are one engine.
  package var onTwins: @Sendable (SourceID, SourceID) -> Void = { _, _ in }
  /// Told of a source whose engine sends a snapshot that is none.
  package var onBadSnapshot: @Sendable (SourceID, CacheSnapshotError) -> Void = { _, _ in }

  /// A consumer that has room whenever it is asked.
  package init(sink: @escaping @Sendable (Delivery) -> Bool) { self.sink = sink }
}
