import EPPScorer

@testable import Service

/// A stream without a gateway: what it is told, and what it says.
final class StreamHarness {
  final class Output: ExternalProcessorOutput {
    var answers: [[UInt8]] = []
    var status: GRPCStatus?

    func send(_ message: UnsafeRawBufferPointer) { answers.append([UInt8](message)) }
    func finish(_ status: GRPCStatus) { if self.status == nil { self.status = status } }
  }

  static let post = [
    (":method", "POST"), (":path", "/v1/completions"), ("x-request-id", "1"),
  ]

  let output = Output()
  let metrics = ExtProcMetrics()
  let context: ExternalProcessorContext
  let exchange = StubExchange()
  var stream: ExternalProcessorStream

  init(_ limits: ExternalProcessorLimits = ExternalProcessorLimits(), readsSubset: Bool = true) {
    context = ExternalProcessorContext(
      limits: limits, readsSubset: readsSubset, metrics: metrics)
    stream = ExternalProcessorStream(context, now: 0)
  }

  @discardableResult
  func receive(_ message: [UInt8]) -> GatewayRequest? {
    message.withUnsafeBytes { stream.receive($0, now: 1, output) }
  }

  func route(_ change: (inout Route) -> Void = { _ in }) -> Direction {
    var route = Route(destination: "10.0.0.1:8000", exchange: exchange)
    change(&route)
    return .route(route)
  }

  func decide(_ direction: Direction) { stream.decided(direction, now: 2, output) }

  /// What was sent since the last time.
  func answers() throws -> [GatewayAnswer] {
    defer { output.answers = [] }
    return try output.answers.map { try GatewayAnswer(parsing: $0) }
  }

  /// Sends a request of one piece on its way.
  func forward(_ change: (inout Route) -> Void = { _ in }) throws {
    receive(GatewayMessage.headers(.request, Self.post))
    receive(GatewayMessage.body(.request, "{}", endsStream: true))
    decide(route(change))
    _ = try answers()
  }
}
