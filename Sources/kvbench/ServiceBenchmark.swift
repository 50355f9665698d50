import Glibc
import KVIndexer
import Service
import Simulation
import Tokenize

/// `POST /v1/score` of 8,192 token ids against 64 endpoints, over TCP and a Unix socket.
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
      "POST /v1/score, \(tokens) token ids, \(endpoints) endpoints: \(shape.text); "
        + "1 connection, \(exchanges) requests a round, client in the same process")
    let history = forest.stores.map { store in
      (
        source: store.lane,
        bytes: EngineMessages.stored(forest.chains[store.chain], store.range)
      )
    }
    let socket = "/tmp/kvbench-\(getpid()).sock"
    let fixture = try ServiceFixture(
      endpoints: endpoints, listen: [.tcp(host: "127.0.0.1", port: 0), .unix(path: socket)],
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
    let requests = queries.map { keys in
      RawHTTPConnection.request(path: "/v1/score", body: body(keys.flatMap(EngineMessages.tokens)))
    }
    for address in fixture.service.addresses {
      var connection = try RawHTTPConnection(address)
      var checksum = Checksum()
      for (request, keys) in zip(requests, queries) {
        try verify(request, keys, holdings, &connection, &checksum, &report)
      }
      try measure(requests, address, exchanges, scale, &connection, checksum, &report)
    }
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
    _ request: [UInt8], _ keys: [UInt64], _ holdings: Holdings,
    _ connection: inout RawHTTPConnection, _ checksum: inout Checksum, _ report: inout Report
  ) throws {
    guard let answer = try connection.exchange(request) else {
      report.check(false, "the service refuses a request")
      return
    }
    let matched = try matchedTokens(Array(answer))
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
    _ requests: [[UInt8]], _ address: ListenAddress, _ exchanges: Int, _ scale: Scale,
    _ connection: inout RawHTTPConnection, _ checksum: Checksum, _ report: inout Report
  ) throws {
    var best: Samples?
    var cost = Double.infinity
    for _ in 0..<scale.rounds {
      var values: [Double] = []
      let all = ProcessStatistics.processorNanoseconds()
      let own = ProcessStatistics.threadNanoseconds()
      for number in 0..<exchanges {
        let start = MonotonicClock.nowNanoseconds()
        let answer = try connection.exchange(requests[number % requests.count])
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
    let kind = if case .tcp = address { "TCP" } else { "Unix socket" }
    report.row(
      "HTTP/JSON over \(kind)", best ?? Samples([]), unit: "µs", scale: 1000, goal: .median(120),
      checksum: checksum)
    report.row(
      "HTTP/JSON over \(kind), server's processor time", cost, unit: "µs/request", goal: 90)
  }
}
