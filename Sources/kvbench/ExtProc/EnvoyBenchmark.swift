import Service
import Tokenize

/// Requests through a real Envoy, routed in all ways by turns.
///
/// The engines, the renderer and the client are in this process; Envoy and the ext_proc servers
/// have processes of their own.
struct EnvoyBenchmark {
  private static let connections = [1, 16, 64]

  private let options: ExtProcOptions
  private let stand: EnvoyStand
  private var cells: [[EnvoyArm: EnvoyResult]] = []
  private let unique = Counter()

  /// - Returns: The exit status.
  static func run(_ options: ExtProcOptions) throws -> Int32 {
    let arms = EnvoyArm.allCases.filter { options.wants($0.rawValue) }
    guard !arms.isEmpty else { throw options.nothingWanted }
    let sizes = EnvoyPayload.Size.all.prefix(options.isSmoke ? 2 : 3)
    let payloads = sizes.map { EnvoyPayload($0, seed: options.seed) }
    let stand = try EnvoyStand(
      arms, sets: payloads.flatMap { [$0.texts, $0.tokens] }, rendered: payloads.map(\.texts),
      options)
    defer { stand.stop() }
    var benchmark = EnvoyBenchmark(options: options, stand: stand)
    if !options.isJSON { StandardOutput.write(benchmark.heading + "\n") }
    for payload in payloads {
      for connections in options.isSmoke ? [1, 16] : Self.connections {
        try benchmark.measure(payload, connections, arms)
      }
    }
    StandardOutput.write((options.isJSON ? benchmark.json : GoRouterStudy.text) + "\n")
    return 0
  }

  private init(options: ExtProcOptions, stand: EnvoyStand) {
    self.options = options
    self.stand = stand
  }

  private var seconds: Double { options.seconds ?? (options.isSmoke ? 0.2 : 4) }
  private var rounds: Int { options.isSmoke ? 1 : 2 }

  private var heading: String {
    "extproc envoy: \(EnvoyStand.engines) engines, \(EnvoyPayload.count) prompts over and over, "
      + "\(EnvoyPayload.groups) groups that share three quarters, seed \(options.seed); Envoy with one "
      + "worker; the best of \(rounds) rounds, \(seconds.short) s a row"
  }

  private var json: String {
    var json = JSONWriter()
    json.object { json in
      json.field("benchmark", "extproc envoy")
      json.field("engines", EnvoyStand.engines)
      json.field("prompts", EnvoyPayload.count)
      json.field("groups", EnvoyPayload.groups)
      json.field("seed", Int(options.seed))
      json.field("go_router_published") { GoRouterStudy.write(to: &$0) }
      json.field("rows") { json in
        json.array { json in
          for row in cells {
            for arm in EnvoyArm.allCases { row[arm]?.write(to: &json, beside: row) }
          }
        }
      }
    }
    return String(decoding: json.bytes, as: UTF8.self)
  }

  // MARK: Measuring

  /// Measures all ways of routing by turns, so that a busy machine is unfair to none.
  private mutating func measure(
    _ payload: EnvoyPayload, _ connections: Int, _ arms: [EnvoyArm]
  ) throws {
    var best: [EnvoyArm: EnvoyResult] = [:]
    for _ in 0..<rounds {
      for arm in arms {
        let result = try measureRound(arm, payload, connections)
        if result.requestsPerSecond > best[arm]?.requestsPerSecond ?? 0 { best[arm] = result }
      }
    }
    cells.append(best)
    guard !options.isJSON else { return }
    let unit = connections == 1 ? "connection" : "connections"
    StandardOutput.write("  \(payload.name), \(connections) \(unit)\n")
    for arm in arms {
      guard let line = best[arm]?.text(beside: best) else { continue }
      StandardOutput.write(line + "\n")
    }
  }

  private func measureRound(
    _ arm: EnvoyArm, _ payload: EnvoyPayload, _ connections: Int
  ) throws -> EnvoyResult {
    guard let envoy = stand.envoy else { preconditionFailure("Envoy was not started") }
    let load = try HTTPLoad(port: stand.port(for: arm), connections: connections)
    // Every prompt once: what can be learned or cached then is.
    var count = 0
    try load.run(
      next: {
        guard count < EnvoyPayload.count else { return nil }
        count += 1
        return request(arm, payload, count - 1)
      }, take: { _ in })
    var latencies = Latencies()
    var atHolder = 0
    let processor = stand.processor(for: arm)
    let envoyBefore = try envoy.usage().processorNanoseconds
    let serverBefore = try processor?.usage().processorNanoseconds
    let start = MonotonicClock.nowNanoseconds()
    let deadline = Deadline(seconds: seconds / Double(rounds))
    try load.run(
      next: {
        guard !deadline.hasPassed else { return nil }
        count += 1
        return request(arm, payload, count - 1)
      },
      take: { finished in
        latencies.add(finished.nanoseconds)
        if finished.engine == stand.fleet.holder(ofGroup: finished.number % EnvoyPayload.groups) {
          atHolder += 1
        }
      })
    let elapsed = Double(MonotonicClock.nowNanoseconds() - start)
    let envoyAfter = try envoy.usage().processorNanoseconds
    let serverAfter = try processor?.usage().processorNanoseconds
    let requests = Double(latencies.count)
    func microseconds(_ before: UInt64, _ after: UInt64) -> Double {
      Double(after - before) / requests / 1000
    }
    var result = EnvoyResult(
      arm: arm, bodyBytes: request(arm, payload, 0).bodyBytes, connections: connections,
      requests: latencies.count, requestsPerSecond: requests / elapsed * 1e9,
      latency: latencies.percentiles,
      envoyMicroseconds: microseconds(envoyBefore, envoyAfter))
    if let serverBefore, let serverAfter {
      result.serverMicroseconds = microseconds(serverBefore, serverAfter)
    }
    if arm.hasHolder { result.holderShare = Double(atHolder) / requests }
    return result
  }

  private func request(
    _ arm: EnvoyArm, _ payload: EnvoyPayload, _ count: Int
  ) -> HTTPLoadRequest {
    let number = count % EnvoyPayload.count
    if arm.isUnique { unique.add() }
    let destination =
      arm == .none
      ? stand.fleet.address(of: stand.fleet.holder(ofGroup: number % EnvoyPayload.groups)) : nil
    return HTTPLoadRequest(
      number: number, body: (arm.sendsTokens ? payload.tokenBodies : payload.textBodies)[number],
      unique: arm.isUnique ? unique.value : 0, destination: destination)
  }
}
