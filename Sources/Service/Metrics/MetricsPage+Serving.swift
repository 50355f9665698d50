import Tokenize

/// The families of what serves requests: HTTP, gRPC, admission and rendering.
extension MetricsPage {
  func addServing(_ text: inout MetricsText) {
    addHTTP(&text)
    addGRPC(&text)
    text.add(
      "kvindexer_requests_refused_total", help: "Requests that were not let in, by cause.",
      admission.refusals)
    text.add(
      "kvindexer_requests", .gauge, help: "Requests that were let in and wait for their answer.",
      [(labels: [], value: Double(admission.requestsInFlight))])
    text.add(
      "kvindexer_security_files_rejected_total",
      help: "Changed files of tokens or certificates that could not be used; the old ones stay.",
      metrics.rejectedSecurityFiles)
    text.add(
      "kvindexer_dashboards", .gauge, help: "Pages that are kept up to date.",
      [(labels: [], value: Double(overview.clientCount))])
    text.add(
      "kvindexer_dashboards_refused_total", help: "Pages that found no place.", overview.refusals)
    if let renderer { addRendering(renderer, &text) }
  }

  private func addHTTP(_ text: inout MetricsText) {
    let http = metrics.http
    text.add(
      "kvindexer_http_refused_total",
      help: "HTTP requests that no handler saw, or whose answer was cut off, by cause.",
      http.refusals)
    let gauges: [(String, String, Int)] = [
      ("kvindexer_http_requests", "HTTP requests under way.", http.requestsInFlight),
      ("kvindexer_http_connections", "Open HTTP connections.", http.openConnections),
      ("kvindexer_http_buffered_bytes", "Bytes of bodies held.", http.bufferedBytes),
    ]
    for (name, help, value) in gauges {
      text.add(name, .gauge, help: help, [(labels: [], value: Double(value))])
    }
    text.add(
      "kvindexer_http_connection_faults_total",
      help: "Connections that failed: no HTTP, a failed handshake, a reset.",
      http.connectionFaults)
    text.add(
      "kvindexer_http_connection_limit_hits_total",
      help: "Times that the last connection of an address was taken.", http.connectionLimitHits)
  }

  private func addGRPC(_ text: inout MetricsText) {
    let grpc = metrics.grpc
    text.add(
      "kvindexer_grpc_calls_total", help: "gRPC calls by the status that they ended with.",
      grpc.callsFinished)
    text.add(
      "kvindexer_grpc_refused_total",
      help: "gRPC calls and connections that the server itself ended, by cause.", grpc.refusals)
    text.add(
      "kvindexer_grpc_messages_total", .counter, help: "gRPC messages by direction.",
      [("received", grpc.messagesReceived), ("sent", grpc.messagesSent)].map {
        (labels: [(name: "direction", value: $0.0)], value: Double($0.1.value))
      })
    text.add(
      "kvindexer_grpc_connections_total", help: "gRPC connections that were accepted.",
      grpc.connectionsAccepted)
    text.add(
      "kvindexer_grpc_calls", .gauge, help: "gRPC calls under way.",
      [(labels: [], value: Double(grpc.callsInFlight))])
    text.add(
      "kvindexer_grpc_connections", .gauge, help: "Open gRPC connections.",
      [(labels: [], value: Double(grpc.connections))])
  }

  private func addRendering(_ renderer: Renderer, _ text: inout MetricsText) {
    let rendering = renderer.metrics
    text.add(
      "kvindexer_render_requests_total", help: "Prompts to be rendered, by how that ended.",
      rendering.requests)
    text.add(
      "kvindexer_render_failures_total", help: "Prompts that were not rendered, by reason.",
      rendering.failures)
    text.add(
      "kvindexer_render_calls_total", help: "Calls of renderers, by how they ended.",
      rendering.calls)
    text.add(
      "kvindexer_render_call_seconds", help: "Time of an answered call of a renderer.",
      rendering.callLatency)
    let cache = renderer.cacheStatistics
    let counters: [(String, String, Int)] = [
      ("retries", "Calls of a second renderer.", rendering.retries.value),
      (
        "late_answers", "Answers that only the cache still waited for.", rendering.lateAnswers.value
      ),
      ("cache_hits", "Prompts whose tokens were at hand.", cache.hits),
      ("cache_misses", "Prompts whose tokens were not at hand.", cache.misses),
      ("cache_evictions", "Prompts that made room in the cache.", cache.evictions),
    ]
    for (name, help, value) in counters {
      text.add(
        "kvindexer_render_\(name)_total", .counter, help: help,
        [(labels: [], value: Double(value))])
    }
    text.add(
      "kvindexer_render_cache_bytes", .gauge, help: "Bytes of cached tokens.",
      [(labels: [], value: Double(cache.bytes))])
    let reports = renderer.reports
    text.add(
      "kvindexer_renderer_status", .gauge, help: "1 for the state that a renderer is in.",
      reports.flatMap { report in
        RenderStatus.Name.allCases.map { name in
          (
            labels: [
              (name: "renderer", value: report.name), (name: "status", value: name.rawValue),
            ],
            value: report.status.name == name ? 1 : 0
          )
        }
      })
    text.add(
      "kvindexer_renderer_circuit_open", .gauge,
      help: "1 while a renderer's circuit is not closed.",
      reports.map {
        (
          labels: [(name: "renderer", value: $0.name)],
          value: $0.breaker == .closed ? 0 : 1
        )
      })
  }
}
