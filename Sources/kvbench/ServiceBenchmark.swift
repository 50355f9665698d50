import Glibc
import KVIndexer
import Service
import Simulation
import Tokenize

/// A score of 8,192 token ids against 64 endpoints: HTTP/JSON and gRPC, over TCP and Unix sockets.
enum ServiceBenchmark {
  private static let endpoints = 64
  private static let tokens = 8192

  static func run(_ scale: Scale, _ report: inout Report) throws {
    let shape = Forest.Shape(
      lanes: endpoints, depth: tokens / EngineMessages.blockSize,
      residencies: scale.size(200_000, smoke: 20_000), seed: scale.seed)
    let forest = Forest(shape)
    let exchanges = scale.size(2000, smoke: 50)
    report.begin(
      "service",
      "score of \(tokens) token ids, \(endpoints) endpoints: \(shape.text); "
        + "1 connection, \(exchanges) requests a round, client in the same process")
    let history = forest.stores.map { store in
      (
        source: store.lane,
        bytes: EngineMessages.stored(forest.chains[store.chain], store.range)
      )
    }
    let sockets = try TemporaryDirectory(for: "kvbench")
    defer { sockets.remove() }
    let fixture = try ServiceFixture(
      endpoints: endpoints,
      listen: [.tcp(host: "127.0.0.1", port: 0), .unix(path: sockets.path(of: "http"))],
      grpcListen: [.tcp(host: "127.0.0.1", port: 0), .unix(path: sockets.path(of: "grpc"))],
      history: history)
    defer { fixture.stop() }
    let isReady = fixture.wait {
      ServiceFixture.isExact($0) && $0.index.residencies == forest.residencies
    }
    report.check(isReady, "the service does not hold what was published")
    guard isReady else { return }
    var random = SplitMix64(seed: scale.seed)
    let queries = forest.fullQueries(16, &random)
    let holdings = Holdings(forest, for: queries)
    for route in try routes(to: fixture.service, queries) where scale.wants(route.name) {
      var checksum = Checksum()
      for (number, keys) in queries.enumerated() {
        try verify(route, number, keys, holdings, &checksum, &report)
      }
      try measure(route, queries.count, exchanges, scale, checksum, &report)
    }
  }

  /// One way to ask.
  private struct Route {
    var name: String
    /// In microseconds, of the median and of the server's processor time; nil where none is set.
    var goals: (median: Double, cost: Double)?
    /// Asks for a prompt by its number; the answer's bytes, nil when there is none.
    var ask: (_ number: Int) throws -> [UInt8]?
    /// Each endpoint's `matched_tokens`, in the order of an answer.
    var matchedTokens: ([UInt8]) throws -> [Int]
  }

  private static func routes(
    to service: IndexerService, _ queries: [[UInt64]]
  ) throws -> [Route] {
    let prompts = queries.map { $0.flatMap(EngineMessages.tokens) }
    let requests = prompts.map { RawHTTPConnection.request(path: "/v1/score", body: body($0)) }
    let messages = prompts.map { prompt in
      var message = ScoreRequestMessage()
      message.model = LoadedFleet.model
      message.tokens = prompt
      return message.serialized()
    }
    return try service.addresses.map { address in
      let connection = try RawHTTPConnection(address)
      return Route(
        name: "HTTP/JSON over \(kind(address))", goals: (120, 90),
        ask: { try connection.exchange(requests[$0]).map { Array($0) } },
        matchedTokens: { try matchedTokens($0) })
    }
      + service.grpcAddresses.map { address in
        let connection = try GRPCClientConnection(address)
        return Route(
          name: "gRPC over \(kind(address))", goals: isLocal(address) ? (40, 25) : nil,
          ask: { try connection.unary("/kvindexer.v1.KVIndexer/Score", messages[$0]).message },
          matchedTokens: { bytes in
            try bytes.withUnsafeBytes { try ScoreResponseMessage(parsing: $0) }
              .endpoints.map { Int($0.matchedTokens) }
          })
      }
  }

  private static func isLocal(_ address: ListenAddress) -> Bool {
    if case .unix = address { true } else { false }
  }

  private static func kind(_ address: ListenAddress) -> String {
    isLocal(address) ? "a Unix socket" : "TCP"
  }

  private static func body(_ tokens: [TokenID]) -> [UInt8] {
    var json = JSONWriter(capacity: tokens.count * 8)
    json.object { json in
      json.field("model", LoadedFleet.model)
      json.field("tokens") { json in
        json.array { json in
          for token in tokens { json.integer(Int(token)) }
        }
      }
    }
    return json.bytes
  }

  private static func verify(
    _ route: Route, _ number: Int, _ keys: [UInt64], _ holdings: Holdings,
    _ checksum: inout Checksum, _ report: inout Report
  ) throws {
    guard let answer = try route.ask(number) else {
      report.check(false, "the service refuses a request")
      return
    }
    let matched = try route.matchedTokens(answer)
    report.check(matched.count == endpoints, "\(matched.count) endpoints answered")
    for (lane, tokens) in matched.enumerated() {
      // An engine computes the last token itself, so a whole prompt counts a block less.
      let blocks = min(holdings.leadingBlocks(of: keys, lane: lane), keys.count - 1)
      let expected = blocks * EngineMessages.blockSize
      checksum.add(tokens)
      report.check(tokens == expected, "endpoint \(lane): \(tokens) tokens, not \(expected)")
    }
  }

  /// Each endpoint's `matched_tokens`, in the order of the answer.
  private static func matchedTokens(_ body: [UInt8]) throws(JSONError) -> [Int] {
    try body.span.withUnsafeBytes { bytes throws(JSONError) in
      var matched: [Int] = []
      var cursor = JSONCursor(bytes)
      try cursor.beginObject()
      while let key = try cursor.nextKey() {
        guard key == "endpoints" else {
          try cursor.skipValue()
          continue
        }
        try cursor.beginArray()
        while try cursor.nextElement() {
          try cursor.beginObject()
          while let field = try cursor.nextKey() {
            if field == "matched_tokens" {
              matched.append(try cursor.integer())
            } else {
              try cursor.skipValue()
            }
          }
        }
      }
      return matched
    }
  }

  private static func measure(
    _ route: Route, _ prompts: Int, _ exchanges: Int, _ scale: Scale, _ checksum: Checksum,
    _ report: inout Report
  ) throws {
    var best: Samples?
    var cost = Double.infinity
    for _ in 0..<scale.rounds {
      var values: [Double] = []
      let all = ProcessStatistics.processorNanoseconds()
      let own = ProcessStatistics.threadNanoseconds()
      for number in 0..<exchanges {
        let start = MonotonicClock.nowNanoseconds()
        let answer = try route.ask(number % prompts)
        values.append(Double(MonotonicClock.nowNanoseconds() - start))
        report.check(answer != nil, "the service refuses a request")
      }
      let used =
        ProcessStatistics.processorNanoseconds() - all
        - (ProcessStatistics.threadNanoseconds() - own)
      cost = min(cost, Double(used) / Double(exchanges) / 1000)
      let samples = Samples(values)
      if samples.median < best?.median ?? .infinity { best = samples }
    }
    report.row(
      route.name, best ?? Samples([]), unit: "µs", scale: 1000,
      goal: route.goals.map { .median($0.median) }, checksum: checksum)
    report.row(
      "\(route.name), server's processor time", cost, unit: "µs/request", goal: route.goals?.cost)
  }
}
