package import EPPScorer
import Glibc

/// Takes the few series that routing needs out of an engine's metrics, in one pass.
///
/// An engine with several data-parallel ranks has a series for each: requests and blocks are
/// summed, the cache's usage is averaged. Of the series about adapters the newest counts, because
/// old ones stay. Timestamps and exemplars are passed over.
package struct EngineMetricsReader: Sendable {
  private enum Quantity {
    case waitingRequests, runningRequests, cacheUsage, adapters, cacheInfo, blockSize, blockCount
    case startTime, promptTokens, computedTokens, finishedRequests
    case cacheQueries, cacheHits, olderQueries, olderHits, awake
  }

  /// What tells of an engine's cache and of its life, under names that no configuration changes.
  ///
  /// vLLM called the cache's counters otherwise at first, and served both for a while.
  private static let signals: [(MetricSpec, Quantity)] = [
    (MetricSpec("process_start_time_seconds"), .startTime),
    (MetricSpec("vllm:prompt_tokens_total"), .promptTokens),
    (
      MetricSpec(
        "vllm:prompt_tokens_by_source_total", [.init(name: "source", value: "local_compute")]),
      .computedTokens
    ),
    (MetricSpec("vllm:request_success_total"), .finishedRequests),
    (MetricSpec("vllm:prefix_cache_queries_total"), .cacheQueries),
    (MetricSpec("vllm:prefix_cache_hits_total"), .cacheHits),
    (MetricSpec("vllm:gpu_prefix_cache_queries_total"), .olderQueries),
    (MetricSpec("vllm:gpu_prefix_cache_hits_total"), .olderHits),
    (MetricSpec("vllm:engine_sleep_state", [.init(name: "sleep_state", value: "awake")]), .awake),
  ]

  private struct Wanted {
    var name: [UInt8]
    var labels: [(name: [UInt8], value: [UInt8])]
    var quantity: Quantity
  }

  private let wanted: [Wanted]
  /// A bit for each length that a wanted name has, longer than 63 bytes counting as 63.
  private let lengths: UInt64
  private let blockSizeLabel: [UInt8]
  private let blockCountLabel: [UInt8]

  /// A reader of one kind of engine.
  package init(_ engine: EngineMetrics) {
    let specs: [(MetricSpec?, Quantity)] = [
      (engine.waitingRequests, .waitingRequests), (engine.runningRequests, .runningRequests),
      (engine.cacheUsage, .cacheUsage), (engine.adapters, .adapters),
      (engine.cacheInfo, .cacheInfo), (engine.blockSize, .blockSize),
      (engine.blockCount, .blockCount),
    ]
    wanted = (specs + Self.signals).compactMap { spec, quantity in
      spec.map { spec in
        Wanted(
          name: Array(spec.name.utf8),
          labels: spec.labels.map { (name: Array($0.name.utf8), value: Array($0.value.utf8)) },
          quantity: quantity)
      }
    }
    lengths = wanted.reduce(0) { $0 | 1 << UInt64(min($1.name.count, 63)) }
    blockSizeLabel = Array(engine.blockSizeLabel.utf8)
    blockCountLabel = Array(engine.blockCountLabel.utf8)
  }

  /// Reads a page of metrics; whatever it is, there is a report.
  package func read(_ text: [UInt8]) -> EngineReport {
    text.withUnsafeBytes { read($0) }
  }

  private func read(_ text: UnsafeRawBufferPointer) -> EngineReport {
    var sums = Sums()
    guard let base = text.baseAddress else { return sums.report }
    var start = 0
    while start < text.count {
      let rest = text.count - start
      let end = memchr(base + start, 0x0a, rest).map { base.distance(to: UnsafeRawPointer($0)) }
      let line = UnsafeRawBufferPointer(rebasing: text[start..<(end ?? text.count)])
      if !line.isEmpty, line[0] != UInt8(ascii: "#") { take(line, &sums) }
      start = (end ?? text.count) + 1
    }
    return sums.finished()
  }

  private func take(_ bytes: UnsafeRawBufferPointer, _ sums: inout Sums) {
    var nameCount = 0
    while nameCount < bytes.count, !Self.endsName(bytes[nameCount]) { nameCount += 1 }
    guard lengths >> UInt64(min(nameCount, 63)) & 1 == 1, let name = bytes.baseAddress else {
      return
    }
    for series in wanted
    where series.name.count == nameCount && memcmp(series.name, name, nameCount) == 0 {
      let line = SeriesLine(bytes, nameCount: nameCount)
      guard series.labels.allSatisfy({ line.has($0.name, $0.value) }) else { continue }
      let isRead = line.value.map { take(line, $0, series.quantity, &sums) } ?? false
      if isRead { sums.report.seriesCount += 1 } else { sums.report.faultCount += 1 }
    }
  }

  private static func endsName(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "{") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// Takes a series; returns whether it makes sense.
  private func take(
    _ line: SeriesLine, _ value: Double, _ quantity: Quantity, _ sums: inout Sums
  ) -> Bool {
    guard value.isFinite, value >= 0 else { return false }
    switch quantity {
    case .waitingRequests: Self.add(value, to: &sums.report.waitingRequests)
    case .runningRequests: Self.add(value, to: &sums.report.runningRequests)
    case .cacheUsage:
      sums.usages += min(value, 1)
      sums.usageCount += 1
    case .adapters: return takeAdapters(line, value, &sums)
    case .cacheInfo: return takeCacheInfo(line, &sums)
    case .blockSize: return takeBlockSize(value, &sums)
    case .blockCount: Self.add(value, to: &sums.report.blockCount)
    case .startTime: sums.report.startTime = max(sums.report.startTime ?? 0, value)
    case .promptTokens: Self.add(value, to: &sums.report.promptTokens)
    case .computedTokens: Self.add(value, to: &sums.report.computedTokens)
    case .finishedRequests: Self.add(value, to: &sums.report.finishedRequests)
    case .cacheQueries: Self.add(value, to: &sums.report.cacheQueries)
    case .cacheHits: Self.add(value, to: &sums.report.cacheHits)
    case .olderQueries: Self.add(value, to: &sums.olderQueries)
    case .olderHits: Self.add(value, to: &sums.olderHits)
    case .awake: sums.report.isSleeping = sums.report.isSleeping ?? false || value == 0
    }
    return true
  }

  private static func add(_ value: Double, to sum: inout Int?) {
    sum = Int(min(Double(sum ?? 0) + value.rounded(), 1e15))
  }

  private func takeBlockSize(_ value: Double, _ sums: inout Sums) -> Bool {
    guard (1...1e6).contains(value) else { return false }
    sums.report.blockSize = Int(value)
    return true
  }

  private func takeAdapters(_ line: SeriesLine, _ time: Double, _ sums: inout Sums) -> Bool {
    guard time >= sums.adaptersTime else { return true }
    guard let activeMax = line.label(Array("max_lora".utf8)).flatMap({ Int($0) }) else {
      return false
    }
    sums.adaptersTime = time
    sums.report.adapters = AdapterLoad(
      active: Self.names(line.label(Array("running_lora_adapters".utf8))),
      waiting: Self.names(line.label(Array("waiting_lora_adapters".utf8))), activeMax: activeMax)
    return true
  }

  /// The names of a list with commas between them.
  private static func names(_ list: String?) -> [String] {
    (list ?? "").split(separator: ",").map { name in
      String(name.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }.filter { !$0.isEmpty }
  }

  /// Labels that are no numbers, such as `None` before the engine knows them, say nothing.
  private func takeCacheInfo(_ line: SeriesLine, _ sums: inout Sums) -> Bool {
    if let text = line.label(blockSizeLabel), let size = Double(text) {
      guard takeBlockSize(size, &sums) else { return false }
    }
    if let text = line.label(blockCountLabel), let count = Double(text) {
      guard count.isFinite, count >= 0 else { return false }
      Self.add(count, to: &sums.report.blockCount)
    }
    return true
  }
}

/// A report in the making.
private struct Sums {
  var report = EngineReport()
  var usages = 0.0
  var usageCount = 0
  var adaptersTime = 0.0
  var olderQueries: Int?
  var olderHits: Int?

  consuming func finished() -> EngineReport {
    if usageCount > 0 { report.cacheUsage = usages / Double(usageCount) }
    report.cacheQueries = report.cacheQueries ?? olderQueries
    report.cacheHits = report.cacheHits ?? olderHits
    return report
  }
}
