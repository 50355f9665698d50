import Testing

@testable import Simulation

@Suite struct CachedBlockTableTests {
  /// Few distinct low bits make long clusters, 0x78 such that wrap around the table's 128 slots.
  @Test(arguments: [1, 2, 3, 4], [0xFFFF, 0x78, 0x03])
  func `The table agrees with a dictionary on random changes`(seed: UInt64, homeBits: UInt64) {
    var random = SplitMix64(seed: seed)
    var table = CachedBlockTable(hashesMax: 64)
    var reference: [UInt64: BlockID] = [:]
    let hashes = (0..<96).map { UInt64($0) << 16 | random.next() & homeBits }
    for _ in 0..<4_000 {
      let hash = hashes[random.below(hashes.count)]
      if reference[hash] != nil && random.below(2) == 0 {
        table.remove(hash)
        reference[hash] = nil
      } else if reference[hash] != nil || reference.count < 64 {
        let block = BlockID(1 + random.below(1_000))
        table.setFirst(block, of: hash)
        reference[hash] = block
      }
      #expect(table.count == reference.count)
    }
    for hash in hashes { #expect(table.first(of: hash) == reference[hash]) }
    table.removeAll()
    for hash in hashes { #expect(table.first(of: hash) == nil) }
  }
}
