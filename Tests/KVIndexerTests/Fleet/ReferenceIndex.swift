import KVIndexer

/// What an engine's events say about its cache, kept in dictionaries: the model that
/// `FleetIndex` is compared with.
///
/// A block is named by its parent's hash, its tokens and its extra digest. A block is present in a
/// tier while it was stored more often than removed there. A match walks from the root by hash.
struct ReferenceIndex {
  struct Content: Hashable {
    var parent: UInt64?
    var tokens: [TokenID]
    var salt: String?
  }

  struct Copy: Hashable {
    var tier: Tier
    var hash: UInt64
  }

  let blockSize: Int
  private(set) var names: [Content: UInt64] = [:]
  private(set) var copies: [Copy: Int] = [:]

  init(blockSize: Int) { self.blockSize = blockSize }

  mutating func store(
    _ hashes: [UInt64], parent: UInt64?, tokens: [TokenID], salt: String?, tier: Tier
  ) {
    var parent = parent
    for (index, hash) in hashes.enumerated() {
      let block = Array(tokens[index * blockSize..<(index + 1) * blockSize])
      names[Content(parent: parent, tokens: block, salt: parent == nil ? salt : nil)] = hash
      copies[Copy(tier: tier, hash: hash), default: 0] += 1
      parent = hash
    }
  }

  mutating func remove(_ hash: UInt64, tier: Tier) {
    let copy = Copy(tier: tier, hash: hash)
    guard let count = copies[copy] else { return }
    copies[copy] = count == 1 ? nil : count - 1
  }

  mutating func clear() { copies = [:] }

  /// Hashes of the prompt's full blocks, as far as they were ever named.
  func path(_ tokens: [TokenID], salt: String?) -> [UInt64] {
    var path: [UInt64] = []
    while (path.count + 1) * blockSize <= tokens.count {
      let block = Array(tokens[path.count * blockSize..<(path.count + 1) * blockSize])
      let content = Content(parent: path.last, tokens: block, salt: path.isEmpty ? salt : nil)
      guard let hash = names[content] else { break }
      path.append(hash)
    }
    return path
  }

  /// Tokens that a tier holds by itself from the root on, and what the engine would reuse.
  func match(_ tokens: [TokenID], salt: String?) -> (tiers: [Tier: Int], matched: Int) {
    let path = path(tokens, salt: salt)
    let usable = max(tokens.count - 1, 0) / blockSize
    var tiers: [Tier: Int] = [:]
    var depth = 0
    for tier in Tier.allCases {
      let held = path.map { copies[Copy(tier: tier, hash: $0)] != nil }
      tiers[tier] = min(held.firstIndex(of: false) ?? held.count, usable) * blockSize
      while depth < held.count, held[depth] { depth += 1 }
    }
    return (tiers, min(depth, usable) * blockSize)
  }
}
