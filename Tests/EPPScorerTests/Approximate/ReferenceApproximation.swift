import Tokenize

/// What an approximate index should say, the plain way: a list of blocks for each endpoint.
struct ReferenceApproximation {
  private struct Endpoint {
    var capacity: Int
    /// The oldest first.
    var blocks: [UInt64] = []
  }

  private var endpoints: [Int: Endpoint] = [:]

  var lanes: [Int] { endpoints.keys.sorted() }

  mutating func add(_ lane: Int, capacity: Int) { endpoints[lane] = Endpoint(capacity: capacity) }
  mutating func remove(_ lane: Int) { endpoints[lane] = nil }
  mutating func clear(_ lane: Int) { endpoints[lane]?.blocks = [] }

  mutating func resize(_ lane: Int, capacity: Int) {
    guard var endpoint = endpoints[lane] else { return }
    endpoint.capacity = capacity
    endpoint.blocks = Array(endpoint.blocks.suffix(capacity))
    endpoints[lane] = endpoint
  }

  mutating func learn(_ blocks: [EstimatedBlock], _ lane: Int) {
    guard var endpoint = endpoints[lane] else { return }
    for block in blocks.prefix(endpoint.capacity).reversed() {
      if let index = endpoint.blocks.firstIndex(of: block.bits) {
        endpoint.blocks.remove(at: index)
      } else if endpoint.blocks.count == endpoint.capacity {
        endpoint.blocks.removeFirst()
      }
      endpoint.blocks.append(block.bits)
    }
    endpoints[lane] = endpoint
  }

  mutating func correct(_ blocks: [EstimatedBlock], _ lane: Int, delivered: Int) {
    let gone = Set(blocks.dropFirst(delivered).map(\.bits))
    endpoints[lane]?.blocks.removeAll { gone.contains($0) }
  }

  /// Leading blocks by lane; 0 for those without an endpoint.
  func match(_ blocks: [EstimatedBlock], lanes: Int) -> [Int] {
    (0..<lanes).map { lane in
      let held = Set(endpoints[lane]?.blocks ?? [])
      return blocks.prefix { held.contains($0.bits) }.count
    }
  }

  func count(_ lane: Int) -> Int { endpoints[lane]?.blocks.count ?? 0 }
}
