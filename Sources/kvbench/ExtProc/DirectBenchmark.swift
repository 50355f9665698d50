import Glibc
import Service
import Tokenize

/// The ext_proc server alone: this process plays Envoy, stream for stream, on the same machine.
///
/// An exchange is what Envoy sends of a request and its response in full-duplex mode, to the last
/// piece of each back; the stream is then reset, as Envoy does.
struct DirectBenchmark {
  private static let groups = 64

  private let options: ExtProcOptions
  private let scratch: TemporaryDirectory
  private var results: [DirectResult] = []
  private var failures: [String] = []

  /// - Returns: The exit status.
  static func run(_ options: ExtProcOptions) throws -> Int32 {
    let scratch = try TemporaryDirectory(for: "kvbench")
    defer { scratch.remove() }
    var benchmark = DirectBenchmark(options: options, scratch: scratch)
    if !options.isJSON { StandardOutput.write(benchmark.heading + "\n") }
    try benchmark.measureAll()
    guard !benchmark.results.isEmpty else { throw options.nothingWanted }
    if options.isJSON { StandardOutput.write(benchmark.json + "\n") }
    for failure in benchmark.failures { Log.standardError("kvbench: WRONG \(failure)\n") }
    return benchmark.failures.isEmpty ? 0 : 1
  }

  private init(options: ExtProcOptions, scratch: TemporaryDirectory) {
    self.options = options
    self.scratch = scratch
  }

  private var seconds: Double { options.seconds ?? (options.isSmoke ? 0.2 : 3) }
  private var rounds: Int { options.isSmoke ? 1 : 3 }
  private var bodies: Int { options.size(1024, smoke: 128) }

  private var heading: String {
    "extproc direct: \(bodies) prompts over and over, \(Self.groups) groups that share three "
      + "quarters, seed \(options.seed); the best of \(rounds) rounds, \(seconds.short) s a cell"
  }

  private var json: String {
    var json = JSONWriter()
    json.object { json in
      json.field("benchmark", "extproc direct")
      json.field("prompts", bodies)
      json.field("groups", Self.groups)
      json.field("seed", Int(options.seed))
      json.field("cells") { json in
        json.array { json in for result in results { result.write(to: &json) } }
      }
    }
    return String(decoding: json.bytes, as: UTF8.self)
  }

  // MARK: Servers

  private mutating func measureAll() throws {
    let lengths = options.isSmoke ? [2048] : [2048, 8192]
    let sets = lengths.map {
      SharedPrompts(tokens: $0, groups: Self.groups, count: bodies, seed: options.seed)
    }
    for endpoints in options.isSmoke ? [8] : [8, 64] {
      for configuration in [nil, PickerVariant.precise, .approximate] {
        // Who decides nothing does not know of endpoints.
        if configuration == nil, endpoints != 8 { continue }
        let cells = sets.map { prompts in
          DirectCell.streams.map {
            DirectCell(
              configuration: configuration, endpoints: endpoints, tokens: prompts.length,
              streams: $0)
          }.filter { options.wants($0.name) }
        }
        guard cells.contains(where: { !$0.isEmpty }) else { continue }
        try measure(configuration, endpoints, sets, cells)
      }
    }
  }

  /// Starts engines and a server, and measures its cells.
  private mutating func measure(
    _ configuration: PickerVariant?, _ endpoints: Int, _ sets: [SharedPrompts],
    _ cells: [[DirectCell]]
  ) throws {
    let fleet = try StandInFleet(engines: endpoints, holding: sets, renders: RenderTable())
    defer { fleet.stop() }
    let (process, port) = try start(configuration, fleet)
    defer { process.stop() }
    for (prompts, cells) in zip(sets, cells) where !cells.isEmpty {
      let isText = configuration == .approximate
      let messages = (0..<prompts.count).map { number in
        let body = isText ? prompts.textBody(number) : prompts.tokenBody(number)
        return GatewayMessages(
          body: body.bytes(0),
          answer: CompletionAnswer(engine: 0, receivedBytes: body.count).bytes)
      }
      let holders = try learn(configuration, prompts, messages, port, fleet)
      for cell in cells {
        var result = try measure(cell, process, port, messages, prompts, holders.ports)
        result.checksum = holders.checksum
        results.append(result)
        if !options.isJSON { StandardOutput.write(result.text + "\n") }
      }
    }
  }

  private func start(
    _ configuration: PickerVariant?, _ fleet: StandInFleet
  ) throws -> (process: ChildProcess, port: UInt16) {
    if let configuration {
      let picker = try PickerProcess(
        ProgramPath.epp(options.epp), configuration, fleet: fleet, in: scratch)
      return (picker.process, picker.port)
    }
    return try NoOpProcessor.start(
      destinations: fleet.engines.map { fleet.address(of: $0.number) }, in: scratch)
  }

  // MARK: Destinations

  /// Sends every prompt once, one at a time, and looks where it goes.
  ///
  /// - Returns: The port of the engine that holds the beginning of each group's prompts: the one
  ///   that announced it, or else the one that the group's last prompt went to; nil for a server
  ///   that decides nothing. A digest of where all prompts went, where that is certain.
  private mutating func learn(
    _ configuration: PickerVariant?, _ prompts: SharedPrompts,
    _ messages: [GatewayMessages], _ port: UInt16, _ fleet: StandInFleet
  ) throws -> (ports: [UInt16]?, checksum: Checksum?) {
    var checksum = Checksum()
    var ports = (0..<Self.groups).map { fleet.engines[fleet.holder(ofGroup: $0)].port }
    var wrong = 0
    let load = try GatewayLoad(port: port, streams: 1, messages: messages)
    try load.run(
      until: { $0 == messages.count },
      take: { finished in
        let group = prompts.group(of: finished.number)
        let engine = finished.port.flatMap { fleet.engine(atPort: $0) }
        checksum.add(engine ?? -1)
        if configuration == .approximate, let port = finished.port { ports[group] = port }
        if engine == nil || finished.port != ports[group] { wrong += 1 }
      })
    guard let configuration else { return (nil, nil) }
    guard configuration == .precise else { return (ports, nil) }
    if wrong > 0 {
      failures.append(
        "precise, \(fleet.engines.count) endpoints, \(prompts.length) token ids: \(wrong) of "
          + "\(messages.count) prompts did not go to the engine that holds their beginning")
    }
    return (ports, checksum)
  }

  // MARK: Measuring

  private func measure(
    _ cell: DirectCell, _ process: ChildProcess, _ port: UInt16, _ messages: [GatewayMessages],
    _ prompts: SharedPrompts, _ holders: [UInt16]?
  ) throws -> DirectResult {
    let load = try GatewayLoad(port: port, streams: cell.streams, messages: messages)
    var best: DirectResult?
    for _ in 0..<rounds {
      let result = try measureRound(cell, process, load, prompts, holders)
      if result.requestsPerSecond > best?.requestsPerSecond ?? 0 { best = result }
    }
    guard let best else { throw SystemError("measure \(cell.name)", reason: "nothing was routed") }
    return best
  }

  private func measureRound(
    _ cell: DirectCell, _ process: ChildProcess, _ load: GatewayLoad, _ prompts: SharedPrompts,
    _ holders: [UInt16]?
  ) throws -> DirectResult {
    var latencies = Latencies()
    var atHolder = 0
    let before = try process.usage()
    let client = ProcessStatistics.threadNanoseconds()
    let start = MonotonicClock.nowNanoseconds()
    let deadline = Deadline(seconds: seconds / Double(rounds))
    try load.run(
      until: { _ in deadline.hasPassed },
      take: { finished in
        latencies.add(finished.requestNanoseconds)
        if let holders, finished.port == holders[prompts.group(of: finished.number)] {
          atHolder += 1
        }
      })
    let elapsed = Double(MonotonicClock.nowNanoseconds() - start)
    let clientUsed = ProcessStatistics.threadNanoseconds() - client
    let after = try process.usage()
    let count = Double(latencies.count)
    return DirectResult(
      cell: cell, requests: latencies.count, requestsPerSecond: count / elapsed * 1e9,
      latency: latencies.percentiles,
      serverMicroseconds: Double(after.processorNanoseconds - before.processorNanoseconds)
        / count / 1000,
      clientMicroseconds: Double(clientUsed) / count / 1000, residentBytes: after.residentBytes,
      holderShare: holders.map { _ in Double(atHolder) / count })
  }
}
