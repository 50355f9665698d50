import KVIndexer
import Service
import Simulation
import Tokenize

/// A model server that does no work: it announces blocks, has metrics, and answers everything.
final class StandInEngine {
  /// Blocks that one event announces.
  private static let eventBlocks = 64

  let number: Int
  let publisher: EventPublisher
  private let server: HTTPServer

  /// Opens its ports.
  ///
  /// - Parameter renders: The prompts that it can render.
  init(_ number: Int, context: ZMQContext, renders: RenderTable) throws {
    self.number = number
    publisher = try EventPublisher(
      EventPublisher.Settings(
        endpoint: "tcp://127.0.0.1:*", replayEndpoint: "tcp://127.0.0.1:*"), context: context)
    var limits = HTTPLimits()
    // Envoy keeps its connections, and must not find one closed.
    limits.idleTimeoutSeconds = 3600
    let metrics = Self.metrics()
    server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], limits: limits,
      log: { Log.standardError("kvbench: engine \(number): \($0)\n") },
      handler: { request, reply in
        reply.send(Self.respond(to: request, engine: number, metrics, renders))
      })
  }

  var port: UInt16 {
    guard case .tcp(_, let port)? = server.addresses.first else { return 0 }
    return port
  }

  /// Announces the blocks of a chain.
  func announce(_ chain: Forest.Chain) {
    for lower in stride(from: 0, to: chain.keys.count, by: Self.eventBlocks) {
      let range = lower..<min(lower + Self.eventBlocks, chain.keys.count)
      publisher.publish(EngineMessages.stored(chain, range))
    }
    publisher.flush()
  }

  func stop() {
    server.stop(waitingAtMost: .zero)
    publisher.stop()
  }

  private static func respond(
    to request: borrowing HTTPRequest, engine: Int, _ metrics: [UInt8],
    _ renders: RenderTable
  ) -> HTTPResponse {
    switch request.path {
    case "/metrics": return HTTPResponse(contentType: MetricsText.contentType, body: metrics)
    case "/v1/completions/render":
      guard let answer = renders.answer(request.body) else {
        return HTTPResponse(.invalidRequest("not a body of this benchmark"))
      }
      return HTTPResponse(contentType: "application/json", body: answer)
    default: return CompletionAnswer(engine: engine, receivedBytes: request.body.count).response
    }
  }

  /// An idle vLLM's.
  private static func metrics() -> [UInt8] {
    var text = MetricsText()
    let labels = [(name: "engine", value: "0"), (name: "model_name", value: SharedPrompts.model)]
    for name in ["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"] {
      text.add("vllm:\(name)", .gauge, help: "As of an idle engine.", [(labels: labels, value: 0)])
    }
    let cache = [
      (name: "block_size", value: "\(EngineMessages.blockSize)"), (name: "engine", value: "0"),
      (name: "num_gpu_blocks", value: "65536"),
    ]
    text.add(
      "vllm:cache_config_info", .gauge, help: "How the KV cache is configured.",
      [(labels: cache, value: 1)])
    text.add(
      "process_start_time_seconds", .gauge, help: "When the server started, in Unix time.",
      [(labels: [], value: 1_700_000_000)])
    return text.bytes()
  }
}
