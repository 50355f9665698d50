import Service
import Simulation

/// What an engine says of itself over HTTP: how large its cache is, and what it has served.
final class FaultyMetrics: Sendable {
  private let server: HTTPServer
  private let page: Page

  /// The page as it is now.
  private final class Page: Sendable {
    private let lock = Lock()
    nonisolated(unsafe) private var counters: EngineCounters

    init(_ counters: EngineCounters) { self.counters = counters }

    func update(_ counters: EngineCounters) { lock.withLock { self.counters = counters } }

    var text: [UInt8] {
      let counters = lock.withLock { self.counters }
      return Array(
        """
        vllm:num_requests_running \(counters.requestsRunning)
        vllm:num_requests_waiting \(counters.requestsWaiting)
        vllm:kv_cache_usage_perc \(counters.cacheUsage)
        vllm:prompt_tokens_total \(counters.promptTokens)
        vllm:prompt_tokens_by_source_total{source="local_compute"} \(counters.computedTokens)
        vllm:request_success_total \(counters.requestsFinished)
        vllm:cache_config_info{block_size="\(counters.blockSize)",\
        num_gpu_blocks="\(counters.blockCount)"} 1

        """.utf8)
    }
  }

  /// Listens on a free port.
  init(_ counters: EngineCounters) throws {
    let page = Page(counters)
    self.page = page
    server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { request, reply in
        reply.send(
          request.path == "/metrics"
            ? HTTPResponse(contentType: MetricsText.contentType, body: page.text)
            : HTTPResponse(status: 404, contentType: "text/plain", body: []))
      })
  }

  var port: UInt16 {
    guard case .tcp(_, let port)? = server.addresses.first else { return 0 }
    return port
  }

  /// The numbers from now on.
  func update(_ counters: EngineCounters) { page.update(counters) }

  func stop() { server.stop(waitingAtMost: .zero) }
}
