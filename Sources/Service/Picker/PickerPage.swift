import EPPScorer

/// The text of the picker's `GET /metrics`: its own, the gateway's and the indexer's.
struct PickerPage: Sendable {
  let metrics: PickerMetrics
  let indexer: MetricsPage
  let processor: ExtProcMetrics
  let engines: PickerEngines
  let producers: PickerProducers
  let inFlightProducer: String
  /// Whether streams are counted under llm-d's names too.
  let countsStreams: Bool
  /// The age from which numbers of endpoints are left out of the pool's gauges.
  let staleAfter: Duration

  func router(isReady: @escaping @Sendable () -> Bool) -> Router {
    var router = Router()
    router.on(.get, "/metrics") { _ in
      HTTPResponse(contentType: MetricsText.contentType, body: bytes())
    }
    router.on(.get, "/healthz") { _ in
      HTTPResponse(contentType: "text/plain", body: Array("ok\n".utf8))
    }
    router.on(.get, "/readyz") { _ in
      HTTPResponse(
        status: isReady() ? 200 : 503, contentType: "text/plain",
        body: Array((isReady() ? "ok\n" : "not ready\n").utf8))
    }
    return router
  }

  private func bytes() -> [UInt8] {
    var text = MetricsText()
    metrics.add(to: &text, sample())
    addProcessor(&text)
    indexer.add(to: &text)
    return text.bytes()
  }

  private func sample() -> PickerSample {
    var sample = PickerSample()
    let now = MonotonicClock.nowNanoseconds()
    sample.members = engines.pool.endpoints.map { endpoint in
      var load = endpoint.load(at: now)
      // Engines at rest are read seldom: what is not due yet is not stale either.
      if load.isStale, let age = endpoint.reading?.snapshot.age(at: now) {
        load.isStale = age >= staleAfter.wholeNanoseconds
      }
      return PickerSample.Member(
        endpoint.endpoint, load: load, isUp: endpoint.isUp, inFlight: endpoint.inFlight)
    }
    sample.indexes = producers.approximations.map {
      PickerSample.Index(
        ProducerLabels(name: $0.name, type: ApproxPrefixCacheProducer.type),
        entries: $0.residencies)
    }
    let errors = engines.engines.errors
    let source = (name: "source_type", value: MetricsDataSource.type)
    let extractor = (name: "extractor_type", value: CoreMetricsExtractor.type)
    sample.pollErrors = [(labels: [source], value: Double(errors.poll))]
    sample.extractErrors = [(labels: [source, extractor], value: Double(errors.extract))]
    sample.inFlightProducer = inFlightProducer
    sample.reservations = indexer.fleet.read { $0.reservations.count }
    return sample
  }

  private func addProcessor(_ text: inout MetricsText) {
    text.add(
      "kvindexer_epp_streams_total", help: "Requests of the gateway, by how they ended.",
      processor.streams)
    text.add(
      "kvindexer_epp_anomalies_total", help: "What should not happen and was survived.",
      processor.anomalies)
    text.add(
      "kvindexer_epp_immediate_responses_total", help: "Requests answered here, by code.",
      processor.immediateResponses)
    text.add(
      "kvindexer_epp_gateway_wait_seconds", help: "Time from a request's last byte to its answer.",
      processor.decisionSeconds)
    text.add(
      "kvindexer_epp_decisions_waiting", .gauge, help: "Requests that wait for a decision.",
      [(labels: [], value: Double(processor.decisionsInFlight))])
    text.add(
      "kvindexer_epp_request_bytes_total", help: "Bytes of requests' bodies.",
      processor.requestBytes)
    text.add(
      "kvindexer_epp_response_bytes_total", help: "Bytes of responses' bodies.",
      processor.responseBytes)
    guard countsStreams else { return }
    let prefix = PickerMetrics.prefix
    text.add(
      prefix + "extproc_streams_inflight", .gauge, help: "Streams of the gateway that are open.",
      [(labels: [], value: Double(processor.streamsInFlight))])
    text.add(
      prefix + "extproc_streams_total", help: "Streams of the gateway, by status.",
      processor.streamsByCode)
    text.add(
      prefix + "extproc_stream_duration_seconds", help: "Time that streams were open.",
      processor.streamDurationSeconds)
  }
}
