extension PromptKeys {
  /// Whether the prompt was hashed for a namespace.
  public func contains(_ namespace: Namespace) -> Bool {
    ranges.contains { $0.namespace == namespace }
  }

  /// The chained key of one block in a namespace; nil where the prompt has no such full block.
  public func key(ofBlock block: Int, in namespace: Namespace) -> BlockKey? {
    guard let range = ranges.first(where: { $0.namespace == namespace })?.blocks,
      block >= 0, block < range.count
    else { return nil }
    return BlockKey(keys[range.lowerBound + block])
  }

  /// Bytes of all keys.
  public var bytes: Int { keys.capacity * MemoryLayout<UInt64>.stride }
}
