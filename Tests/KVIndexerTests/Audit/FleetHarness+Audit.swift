import KVIndexer
import Testing

extension FleetHarness {
  func audited(_ source: SourceID) throws -> AuditedSource {
    let audited = fleet.audited(source)
    return try #require(audited)
  }

  func knownBlocks(_ source: SourceID) throws -> Int { try audited(source).knownBlocks }

  func unknownMax(_ source: SourceID, capacity: Int) throws -> Int? {
    try audited(source).unknownMax(capacity: capacity)
  }

  func holds(block number: Int, of tokens: [TokenID], _ source: SourceID) -> Bool {
    fleet.holds(block: number, of: prompt(tokens), source: source)
  }

  func isEmptied(_ source: SourceID) -> Bool { fleet.isEmptied(source, since: 0) }
}
