import KVIndexer
import Service
import Simulation
import Tokenize

/// Events at a paced rate through the whole service: from `publish` to the first match that sees.
///
/// Publishers, the service and the prober share the machine, and the clock starts before libzmq
/// gets the message on the engine's side. The prober looks about every 75 µs, so that it leaves the
/// processor to the others.
enum VisibleBenchmark {
  private static let sources = 8
  private static let batch = 64
  private static let depth = 512
  /// One message of so many is looked for.
  private static let markEvery = 16

  /// A message, and the keys of its prompt up to its end.
  private struct Message {
    var source: Int
    var bytes: [UInt8]
    var chain: Int
    var range: Range<Int>
  }

  /// A message that was published and has not been seen yet.
  private struct Mark {
    var publishedAt: UInt64
    var prompt: Int
    var depth: Int
  }

  static func run(_ scale: Scale, _ report: inout Report) throws {
    for blocksASecond in scale.isSmoke ? [100_000] : [100_000, 1_000_000] {
      try run(blocksASecond: blocksASecond, scale, &report)
    }
  }

  private static func run(
    blocksASecond: Int, _ scale: Scale, _ report: inout Report
  ) throws {
    let seconds = scale.isSmoke ? 0.5 : 2.0
    let count = Int(Double(blocksASecond) * seconds) / batch
    report.begin(
      "visible",
      "\(blocksASecond) blocks/s for \(seconds) s: \(count) messages of one "
        + "\(batch)-block event from \(sources) sources over TCP, one of \(markEvery) looked for")
    var random = SplitMix64(seed: scale.seed)
    let messagesOfChain = depth / batch
    let chains = (0..<(count / messagesOfChain + sources)).map { _ in
      let keys = Forest.continued([], length: depth, &random)
      return Forest.Chain(keys: keys, hashes: keys.map(Forest.engineHash))
    }
    let warmUp = (0..<sources).map { source in
      (source: source, bytes: EngineMessages.stored(chains[source], 0..<depth))
    }
    let messages = (0..<count).map { number in
      // Sources take turns by message; each stores one chain after the other.
      let round = number / sources
      let chain = sources + round / messagesOfChain * sources + number % sources
      let start = round % messagesOfChain * batch
      return (source: number % sources, chain: chain, range: start..<start + batch)
    }.filter { $0.chain < chains.count }
    let encoded = messages.map {
      Message(
        source: $0.source, bytes: EngineMessages.stored(chains[$0.chain], $0.range),
        chain: $0.chain, range: $0.range)
    }
    let fixture = try ServiceFixture(
      endpoints: sources, listen: [.tcp(host: "127.0.0.1", port: 0)], history: warmUp)
    defer { fixture.stop() }
    let isReady = fixture.wait {
      ServiceFixture.isExact($0) && $0.index.residencies == sources * depth
    }
    report.check(isReady, "the service does not follow its sources")
    guard isReady else { return }
    try measure(encoded, chains, blocksASecond, fixture, &report)
    try reportApplyLatency(fixture, &report)
  }

  private static func measure(
    _ messages: [Message], _ chains: [Forest.Chain], _ blocksASecond: Int,
    _ fixture: ServiceFixture, _ report: inout Report
  ) throws {
    let prompts = promptKeys(messages, chains, fixture.service.fleet.hasher)
    let gap = 1e9 * Double(batch) / Double(blocksASecond)
    var marks: [Mark] = []
    var latencies: [Double] = []
    var buffer = MatchBuffer()
    var next = 0
    let before = try ThreadStatistics.nanosecondsByName()
    let start = MonotonicClock.nowNanoseconds()
    let deadline = start + 30_000_000_000
    while next < messages.count || !marks.isEmpty {
      let now = MonotonicClock.nowNanoseconds()
      guard now < deadline else { break }
      if next < messages.count, Double(now - start) >= Double(next) * gap {
        fixture.publishers[messages[next].source].publish(messages[next].bytes)
        if next % markEvery == 0 {
          marks.append(
            Mark(publishedAt: now, prompt: next / markEvery, depth: messages[next].range.upperBound)
          )
        }
        next += 1
        continue
      }
      marks.removeAll { mark in
        let isVisible = fixture.service.fleet.read { fleet in
          prompts[mark.prompt].withUnsafeBufferPointer { keys in
            guard let base = keys.baseAddress else { return true }
            fleet.index.match(base, count: mark.depth, into: &buffer)
            return buffer.pathDepth == mark.depth
          }
        }
        guard isVisible else { return false }
        latencies.append(Double(MonotonicClock.nowNanoseconds() - mark.publishedAt))
        return true
      }
      Pause.microseconds(20)
    }
    let elapsed = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
    report.check(marks.isEmpty, "\(marks.count) marked messages never became visible")
    let blocks = messages.count * batch
    let isComplete = fixture.wait { $0.index.residencies == blocks + sources * depth }
    report.check(isComplete, "not every block that was published is in the index")
    report.row(
      "publish → visible at \(blocksASecond / 1000) k blocks/s", Samples(latencies), unit: "µs",
      scale: 1000, goal: blocksASecond == 1_000_000 ? .p99(1000) : nil)
    report.row("rate that was reached", Double(blocks) / elapsed / 1000, unit: "k blocks/s")
    let after = try ThreadStatistics.nanosecondsByName()
    for thread in ["ingest", "subscriptions"] {
      let used = after[thread, default: 0] - before[thread, default: 0]
      report.row(
        "processor time of the thread '\(thread)'", Double(used) / Double(blocks),
        unit: "ns/block")
    }
  }

  private static func promptKeys(
    _ messages: [Message], _ chains: [Forest.Chain], _ hasher: BlockHasher
  ) -> [[UInt64]] {
    let namespace = PromptKeys.Namespace(
      model: LoadedFleet.model, blockSize: EngineMessages.blockSize)
    return stride(from: 0, to: messages.count, by: markEvery).map { number in
      let message = messages[number]
      return PromptKeys(
        tokens: chains[message.chain].keys[..<message.range.upperBound].flatMap(
          EngineMessages.tokens), lora: nil, extra: [], namespaces: [namespace], hasher: hasher
      ).array(in: namespace)
    }
  }

  /// The service's own histogram: the bucket in which a share of its batches ends.
  private static func reportApplyLatency(
    _ fixture: ServiceFixture, _ report: inout Report
  ) throws {
    guard let address = fixture.service.addresses.first else { return }
    var client = try HTTPClient(.url("http://\(address)"))
    let page = try client.get("/metrics").text
    let buckets = page.split(separator: "\n").compactMap { line -> (Double, Int)? in
      guard line.hasPrefix("kvindexer_apply_latency_seconds_bucket{le=\""),
        let bound = line.split(separator: "\"").dropFirst().first,
        let count = line.split(separator: " ").last.flatMap({ Double($0) })
      else { return nil }
      return (Double(bound) ?? .infinity, Int(count))
    }
    let total = buckets.last?.1 ?? 0
    for share in [0.5, 0.99] {
      let bucket = buckets.first { Double($0.1) >= share * Double(total) }
      report.row(
        "receipt → applied by /metrics, p\(Int(share * 100)) at most",
        (bucket?.0 ?? .nan) * 1e6, unit: "µs")
    }
  }
}
