import EPPScorer
import Foundation
import Testing
import Tokenize

@testable import Service

/// A whole picker on ports of its own; requests are put to its director.
final class PickerHarness {
  private let directory: TemporaryDirectory
  let service: PickerService
  private var admin: HTTPClient
  private var metrics: HTTPClient

  /// Starts a picker.
  ///
  /// - Parameters:
  ///   - entries: Of the endpoints file.
  ///   - plan: Plugins and profiles, below `plugins:` and above `dataLayer`.
  ///   - readsEngines: Whether the metrics of engines are read.
  init(
    _ entries: [String], _ plan: String = Plans.approximate, readsEngines: Bool = false,
    _ adjust: (inout PickerFlags) -> Void = { _ in }
  ) throws {
    directory = try TemporaryDirectory()
    try directory.write("endpoints:\n" + entries.joined(), to: "endpoints.yaml")
    let configuration = try pickerConfiguration(
      """
      plugins:
      - {type: file-discovery, parameters: {path: "\(directory.path)/endpoints.yaml"}}
      \(plan)
      dataLayer: {discovery: {pluginRef: file-discovery}}
      """)
    var setup = configuration.setup
    if !readsEngines { setup.metrics = nil }
    var flags = PickerFlags(configuration: .text(""))
    flags.bindHost = "127.0.0.1"
    (flags.grpcPort, flags.healthPort, flags.metricsPort) = (0, 0, 0)
    flags.adminAddress = .tcp(host: "127.0.0.1", port: 0)
    flags.serving = .plain
    flags.emitsPredictions = true
    flags.drainTimeout = .seconds(1)
    adjust(&flags)
    service = try PickerService(flags, setup, log: Log(minimum: .error) { _ in })
    admin = try HTTPClient(.url("http://\(service.adminAddresses[0])"))
    metrics = try HTTPClient(.url("http://\(service.metricsAddresses[0])"))
  }

  deinit { service.stop() }

  var director: Director { service.director }

  /// The entry of an endpoint that publishes no KV events; nobody listens at its address.
  static func silent(_ name: String, port: Int = 1001, more: String = "") -> String {
    "- {name: \(name), address: 127.0.0.1, port: \(port), kvEvents: {ranks: 0}\(more)}\n"
  }

  /// The same for several, at ports from 1001 on.
  static func silent(_ names: [String]) -> [String] {
    names.enumerated().map { silent($1, port: 1001 + $0) }
  }

  // MARK: Requests

  static let completions = "/v1/completions"

  func direct(
    _ body: String, path: String = completions, headers: [(name: String, value: String)] = [],
    subset: [String]? = nil
  ) throws -> Direction {
    let decision = AwaitedDirection()
    director.direct(Self.request(body, path: path, headers: headers, subset: subset)) {
      decision.take($0)
    }
    return try decision.wait()
  }

  static func request(
    _ body: String, path: String = completions, headers: [(name: String, value: String)] = [],
    subset: [String]? = nil
  ) -> GatewayRequest {
    GatewayRequest(
      headers: RequestHeaders(
        [(name: ":method", value: body.isEmpty ? "GET" : "POST"), (name: ":path", value: path)]
          + headers),
      body: Array(body.utf8), subset: subset,
      receivedNanoseconds: MonotonicClock.nowNanoseconds())
  }

  /// Where a request that is not refused goes.
  func route(
    _ body: String, path: String = completions, headers: [(name: String, value: String)] = [],
    subset: [String]? = nil
  ) throws -> Route {
    switch try direct(body, path: path, headers: headers, subset: subset) {
    case .route(let route): return route
    case .refuse(let refusal): throw refusal
    }
  }

  /// Why a request is refused; nil when it is not.
  func refusal(
    _ body: String, path: String = completions, headers: [(name: String, value: String)] = [],
    subset: [String]? = nil
  ) throws -> Refusal? {
    switch try direct(body, path: path, headers: headers, subset: subset) {
    case .route: nil
    case .refuse(let refusal): refusal
    }
  }

  // MARK: What it knows

  /// What was sent to each endpoint and has not ended, in the order of names.
  var inFlight: [InFlightLoad] { director.pool.endpoints.map(\.inFlight) }

  var reservations: Int { director.fleet?.read { $0.reservations.count } ?? 0 }

  /// Blocks that the approximations believe to be held.
  var believed: Int { director.producers.approximations.reduce(0) { $0 + $1.residencies } }

  func sources() throws -> [RecordedJSON] {
    try ServiceHarness.answer(admin.get("/v1/sources")).json["sources"]?.array ?? []
  }

  /// Waits until an endpoint's blocks are known exactly, of which it has announced so many.
  func wait(forBlocks blocks: Int, of endpoint: String) throws {
    try Deadline.wait {
      try sources().contains { source in
        let counters = source["counters"]
        let stored = counters?["stored_blocks"]?.integer ?? 0
        let copied = counters?["copied_blocks"]?.integer ?? 0
        return source["endpoint"]?.string == endpoint && source["trust"]?.string == "exact"
          && stored + copied == blocks
      }
    }
  }

  /// An answer of the indexer's own API.
  func adminAnswer(_ path: String, post body: String? = nil) throws -> ServiceHarness.Answer {
    try ServiceHarness.answer(
      body.map { try admin.post(path, body: Array($0.utf8)) } ?? admin.get(path))
  }

  /// The latest decision.
  func decision() throws -> RecordedJSON? {
    try adminAnswer("/v1/decisions?limit=1").json["decisions"]?.array?.first
  }

  /// Claims that precise predictions beside the route have made.
  var shadowReservations: Int {
    director.producers.shadow?.fleet.read { $0.reservations.count } ?? 0
  }

  func metricsPage() throws -> HTTPClient.Reply { try metrics.get("/metrics") }

  /// The value of a sample of the metrics page.
  func metric(_ sample: String) throws -> Double? {
    try metricsPage().text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
      .flatMap { Double($0.dropFirst(sample.utf8.count + 1)) }
  }
}

/// Takes what a director decides, once.
final class AwaitedDirection: Sendable {
  private let lock = ConditionLock()
  nonisolated(unsafe) private var directions: [Direction] = []

  func take(_ direction: Direction) {
    lock.withLock {
      directions.append(direction)
      lock.broadcast()
    }
  }

  var count: Int { lock.withLock { directions.count } }

  func wait() throws -> Direction {
    let limit = MonotonicClock.nowNanoseconds() + 60_000_000_000
    return try lock.withLock {
      while directions.isEmpty {
        guard lock.wait(untilNanoseconds: limit) else { throw Deadline.Passed() }
      }
      return directions[0]
    }
  }
}

extension Director {
  /// The index of the precise producer.
  var fleet: SharedFleet? {
    for case .precise(let producer) in producers.producers { return producer.fleet }
    return nil
  }
}

extension Route {
  /// What was told of the prediction.
  struct Prediction: Equatable {
    var endpoint: String
    var tokens: Int
    var basis: String

    init(_ endpoint: String, _ tokens: Int, _ basis: String) {
      (self.endpoint, self.tokens, self.basis) = (endpoint, tokens, basis)
    }
  }

  var prediction: Prediction {
    func header(_ name: String) -> String {
      responseHeaders.first { $0.name == "x-kvindexer-\(name)" }?.value ?? ""
    }
    return Prediction(
      String(header("endpoint").dropFirst("default/".utf8.count)),
      Int(header("predicted-tokens")) ?? -1, header("prediction"))
  }

  /// Where it goes and on what grounds, without the number.
  var basis: String { prediction.basis }

  func header(_ name: String) -> String? { setHeaders.first { $0.name == name }?.value }

  /// Tells the whole response.
  func complete(status: Int = 200, usage: TokenUsage? = nil) {
    exchange.responseBegan(status: status)
    exchange.responseBodyBegan()
    exchange.ended(.completed(ResponseSummary(usage: usage, bodyBytes: 1)))
  }
}
