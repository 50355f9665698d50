import KVIndexer
import Simulation

/// Bytes a residency: of a fresh index, and of one that has seen an hour of churn.
///
/// The hour: an engine that prefills 10,000 tokens a second stores 625 blocks of 16 tokens a
/// second, 2,250,000 an hour. With 16,384 blocks of cache that is its capacity 137 times over.
enum MemoryBenchmark {
  private static let capacity = 16_384
  private static let turnovers = 137

  static func run(_ scale: Scale, _ report: inout Report) throws {
    if scale.wants("fresh") { try runFresh(scale, &report) }
    for holders in [1, 2, 4] where scale.wants("churn \(holders)") {
      try runChurn(holders: holders, scale, &report)
    }
  }

  private static func goal(holders: Int) -> Double? {
    switch holders {
    case 1: 26
    case 4: 16
    default: nil
    }
  }

  private static func runFresh(_ scale: Scale, _ report: inout Report) throws {
    let residencies = scale.size(2_000_000, smoke: 50_000)
    report.begin(
      "memory", "fresh: 64 lanes × 512 blocks, \(residencies) residencies, seed \(scale.seed)")
    for holders in [1, 2, 4] {
      let shape = Forest.Shape(
        residencies: residencies, holders: holders, hasSystemPrompts: false, seed: scale.seed)
      let forest = Forest(shape)
      let before = try ProcessStatistics.residentBytes()
      let empty = PrefixIndex().bytes
      let loaded = LoadedIndex(forest)
      let resident = try ProcessStatistics.residentBytes() - before
      let count = loaded.index.residencies
      report.check(count == forest.residencies, "\(count) residencies")
      report.row(
        "fresh, \(holders) \(holders == 1 ? "holder" : "holders")",
        Double(loaded.index.bytes - empty) / Double(count), unit: "B/residency",
        goal: goal(holders: holders))
      report.row(
        "fresh, \(holders), growth of the resident set", Double(resident) / Double(count),
        unit: "B/residency")
    }
  }

  private static func runChurn(
    holders: Int, _ scale: Scale, _ report: inout Report
  ) throws {
    let sources = scale.size(32, smoke: 4)
    let target = scale.size(turnovers, smoke: 2)
    report.begin(
      "memory",
      "churn: \(sources) sources × \(capacity) blocks, each stored over \(target) times, "
        + "sessions on \(holders) sources, seed \(scale.seed)")
    let before = try ProcessStatistics.residentBytes()
    var churn = Churn(
      sources: sources, holders: holders, capacity: capacity, seed: scale.seed)
    let start = ProcessStatistics.threadNanoseconds()
    for tenth in 1...10 {
      churn.run(untilStored: sources * capacity * target * tenth / 10)
      if tenth == 1 { row("churned, \(holders), after a tenth", churn, nil, &report) }
    }
    let elapsed = ProcessStatistics.threadNanoseconds() - start
    let resident = try ProcessStatistics.residentBytes() - before
    row("churned, \(holders)", churn, goal(holders: holders), &report)
    let count = churn.loaded.index.residencies
    report.check(count == churn.residencies, "\(count) residencies, not \(churn.residencies)")
    report.row(
      "churned, \(holders), growth of the resident set", Double(resident) / Double(count),
      unit: "B/residency")
    report.row(
      "churned, \(holders), storage in use", Double(churn.loaded.index.liveBytes) / Double(count),
      unit: "B/residency")
    report.row(
      "churned, \(holders), a block's store and removal with the simulation",
      Double(elapsed) / Double(churn.stored), unit: "ns/block")
  }

  private static func row(
    _ moment: String, _ churn: borrowing Churn, _ goal: Double?, _ report: inout Report
  ) {
    let count = churn.loaded.index.residencies
    let sharing = (Double(count) / Double(churn.loaded.index.uniqueBlocks)).short
    var checksum = Checksum()
    checksum.add(count)
    checksum.add(churn.loaded.index.uniqueBlocks)
    report.row(
      "\(moment) (\(sharing) holders on average)",
      Double(churn.loaded.index.bytes) / Double(count), unit: "B/residency", goal: goal,
      checksum: checksum)
  }
}
