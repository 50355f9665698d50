import Service

/// What an engine says of itself over HTTP: how many blocks its cache has.
final class FaultyMetrics {
  private let server: HTTPServer

  /// Listens on a free port.
  init(blocks: Int) throws {
    let page = Array(
      """
      # TYPE vllm:num_requests_running gauge
      vllm:num_requests_running{model_name="m"} 0
      # TYPE vllm:num_requests_waiting gauge
      vllm:num_requests_waiting{model_name="m"} 0
      # TYPE vllm:kv_cache_usage_perc gauge
      vllm:kv_cache_usage_perc{model_name="m"} 0
      # TYPE vllm:cache_config_info gauge
      vllm:cache_config_info{block_size="\(PromptMix.blockSize)",num_gpu_blocks="\(blocks)"} 1

      """.utf8)
    server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { request, reply in
        reply.send(
          request.path == "/metrics"
            ? HTTPResponse(contentType: MetricsText.contentType, body: page)
            : HTTPResponse(status: 404, contentType: "text/plain", body: []))
      })
  }

  var port: UInt16 {
    guard case .tcp(_, let port)? = server.addresses.first else { return 0 }
    return port
  }

  func stop() { server.stop(waitingAtMost: .zero) }
}
