import KVIndexer
import Service

/// A workload of the peers' generator: the same events and queries that others are measured on.
enum TreegenBenchmark {
  private static let rounds = 5
  private static let operations = 16

  static func run(file: String, _ report: inout Report) throws {
    let workload = try TreegenFile(try FileBytes.read(file, atMost: 4 << 30))
    let name = file.split(separator: "/").last.map(String.init) ?? file
    report.begin(
      "treegen",
      "\(name): \(workload.workers) workers, \(workload.stores.count) events, "
        + "\(workload.memberships) memberships, \(workload.queries.count) queries")
    let before = try ProcessStatistics.residentBytes()
    var loaded = LoadedIndex(lanes: workload.workers)
    let empty = loaded.index.bytes
    var best: Samples? = store(workload, in: &loaded)
    let count = loaded.index.residencies
    let grown = try ProcessStatistics.residentBytes() - before
    report.check(count == workload.memberships, "\(count) residencies")
    for _ in 1..<rounds {
      var again = LoadedIndex(lanes: workload.workers)
      best.keepBest(store(workload, in: &again))
    }
    report.row("store, hashes given, chaining included", best ?? Samples([]), unit: "ns/block")
    report.row(
      "bytes a membership", Double(loaded.index.bytes - empty) / Double(count), unit: "B")
    report.row(
      "bytes a membership, growth of the resident set", Double(grown) / Double(count), unit: "B")
    match(workload, in: loaded, &report)
    remove(workload, from: &loaded, &report)
  }

  private static func chained(_ locals: [UInt64], from root: UInt64, into keys: inout [UInt64]) {
    keys.removeAll(keepingCapacity: true)
    var parent = root
    for local in locals {
      parent = BlockHasher.chain(parent, local)
      keys.append(parent)
    }
  }

  private static func store(_ workload: TreegenFile, in loaded: inout LoadedIndex) -> Samples {
    var keys: [UInt64] = []
    return Stopwatch.sequence(steps: workload.stores.count) { step in
      loaded.store(workload.stores[step], keys: &keys)
      return workload.stores[step].hashes.count
    }
  }

  private static func match(
    _ workload: TreegenFile, in loaded: borrowing LoadedIndex, _ report: inout Report
  ) {
    var buffer = MatchBuffer()
    for kind in ["full", "partial", "miss"] {
      let queries = workload.queries.filter { $0.kind == kind }
      guard !queries.isEmpty else { continue }
      var keys = queries.map { _ in [UInt64]() }
      var checksum = Checksum()
      for (number, query) in queries.enumerated() {
        chained(query.locals, from: 0, into: &keys[number])
        loaded.match(keys[number], into: &buffer)
        for worker in 0..<workload.workers {
          let depth = buffer[loaded.lanes[worker]]
          let expected = query.expected[worker] ?? 0
          checksum.add(depth)
          report.check(
            depth == expected, "\(kind) \(number), worker \(worker): \(depth), not \(expected)")
        }
      }
      var next = 0
      let given = Stopwatch.batches(rounds: rounds, batches: 2000, operations: operations) { _ in
        for _ in 0..<operations {
          loaded.match(keys[next], into: &buffer)
          next = next + 1 == keys.count ? 0 : next + 1
        }
      }
      report.row("match \(kind), keys given", given, unit: "ns/query", checksum: checksum)
      var scratch: [UInt64] = []
      let whole = Stopwatch.batches(rounds: rounds, batches: 2000, operations: 1) { _ in
        chained(queries[next].locals, from: 0, into: &scratch)
        loaded.match(scratch, into: &buffer)
        next = next + 1 == queries.count ? 0 : next + 1
      }
      report.row(
        "match \(kind), local hashes given", whole, unit: "ns/query", checksum: checksum)
    }
  }

  /// Removes about 200,000 blocks as the peers' script does: runs of 64 from the tail.
  private static func remove(
    _ workload: TreegenFile, from loaded: inout LoadedIndex, _ report: inout Report
  ) {
    var victims: [(lane: Int, hashes: [EngineHash])] = []
    var count = 0
    for store in workload.stores.reversed() where count < 200_000 {
      victims.append((store.worker, store.hashes.reversed()))
      count += store.hashes.count
    }
    let before = loaded.index.residencies
    let samples = Stopwatch.sequence(steps: victims.count) { step in
      loaded.remove(victims[step].hashes[...], lane: victims[step].lane)
      return victims[step].hashes.count
    }
    let held = loaded.index.residencies
    report.check(held == before - count, "\(held) residencies after removals")
    report.row("removal, 64 a batch, tail first", samples, unit: "ns/block")
    let clear = Stopwatch.sequence(steps: loaded.lanes.count) { lane in
      loaded.index.clear(loaded.lanes[lane])
    }
    report.check(loaded.index.residencies == 0, "blocks are left")
    report.row("clear of a worker", clear, unit: "ns/block")
  }
}

extension LoadedIndex {
  /// Applies a store event whose blocks are given by local hashes.
  mutating func store(_ store: TreegenFile.Store, keys: inout [UInt64]) {
    var parent = BlockParent.root(BlockKey(0))
    var key: UInt64 = 0
    if let hash = store.parent {
      guard let block = find(hash, lane: store.worker) else {
        preconditionFailure("worker \(store.worker) does not hold the parent of an event")
      }
      parent = .block(block)
      key = index.key(of: block).bits
    }
    keys.removeAll(keepingCapacity: true)
    for local in store.locals {
      key = BlockHasher.chain(key, local)
      keys.append(key)
    }
    self.store(parent, keys[...], store.hashes[...], lane: store.worker)
  }
}
