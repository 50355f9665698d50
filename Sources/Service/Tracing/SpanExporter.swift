import Tokenize

/// Sends spans to an OpenTelemetry collector in batches, over OTLP/HTTP.
///
/// Who adds spans waits for nothing: what finds no place is counted and forgotten. The thread runs
/// from the initialiser until `stop`.
package final class SpanExporter: @unchecked Sendable {
  package let metrics = TracingMetrics()
  private let settings: TracingSettings
  private let resource: [Span.Attribute]
  private let log: Log
  private let transfers: HTTPTransfers
  private let condition = ConditionLock()
  // Under the lock:
  private var queue: SpanQueue
  private var isFailing = false

  /// Starts the thread; the collector is called when there are spans.
  ///
  /// - Throws: `HTTPClientError` when libcurl does not start.
  package init(_ settings: TracingSettings, log: Log) throws(HTTPClientError) {
    self.settings = settings
    self.log = log
    resource = [
      Span.Attribute("service.name", .string(settings.serviceName)),
      Span.Attribute("service.version", .string(ProductVersion.current)),
      Span.Attribute(
        "service.instance.id", .string(String(UInt64.random(in: 1 ... .max), radix: 16))),
    ]
    queue = SpanQueue(settings)
    var limits = HTTPTransfers.Limits()
    limits.transfersMax = 1
    limits.bodyBytesMax = 1 << 20
    transfers = try HTTPTransfers(limits: limits)
    transfers.start(name: "traces") { [self] now in tick(at: now) }
  }

  /// Takes spans that are over.
  package func add(_ spans: [Span]) {
    let (dropped, wakes) = condition.withLock {
      queue.add(spans, now: MonotonicClock.nowNanoseconds())
    }
    if dropped > 0 { metrics.spans[.overflowed].add(dropped) }
    if wakes { transfers.wake() }
  }

  /// Sends what is left and ends the thread.
  package func stop(waitingAtMost limit: Duration = .seconds(2)) {
    let end = MonotonicClock.nowNanoseconds(after: limit)
    condition.withLock { queue.end() }
    transfers.wake()
    condition.withLock {
      while !queue.isEmpty, condition.wait(untilNanoseconds: end) {}
    }
    // What is on its way fails by this, and is counted as such.
    transfers.stop()
    let rest = condition.withLock { queue.count }
    if rest > 0 { metrics.spans[.failed].add(rest) }
  }

  // MARK: The thread

  private func tick(at now: UInt64) -> UInt64? {
    if let spans = condition.withLock({ queue.next(now: now) }) { send(spans) }
    return condition.withLock { queue.wakesAt }
  }

  private func send(_ spans: ArraySlice<Span>) {
    var writer = ProtobufWriter(capacity: spans.count * 256)
    SpanBatch(resource: resource, version: ProductVersion.current, spans: spans)
      .write(to: &writer)
    var call = HTTPCall(settings.server, path: settings.path)
    call.headers = [(name: "Content-Type", value: "application/x-protobuf")]
    call.body = writer.array()
    let deadline = MonotonicClock.nowNanoseconds(after: settings.timeout)
    do throws(HTTPClientError) {
      try transfers.send(call, deadline: deadline) { [self] in end($0) }
    } catch {
      end(.failure(error))
    }
  }

  private func end(_ result: Result<HTTPClient.Reply, HTTPClientError>) {
    switch result {
    case .success(let reply) where (200..<300).contains(reply.status):
      let refused = Self.refusedSpans(reply.body)
      let (count, wasFailing) = condition.withLock {
        defer { condition.broadcast() }
        return (queue.sent(), exchange(&isFailing, with: false))
      }
      metrics.spans[.exported].add(max(count - refused, 0))
      if refused > 0 { metrics.spans[.failed].add(min(refused, count)) }
      if wasFailing { log(.info, "the collector of traces takes them again") }
    case .success(let reply):
      let isPassing = [429, 502, 503, 504].contains(reply.status)
      fail(isPassing ? .passing : .final, "it answered \(reply.status)")
    case .failure(let error):
      fail(error.kind == .badURL || error.kind == .untrusted ? .final : .passing, "\(error)")
    }
  }

  private func fail(_ failure: SpanQueue.Failure, _ reason: String) {
    let (lost, wasFailing) = condition.withLock {
      defer { condition.broadcast() }
      return (
        queue.failed(failure, now: MonotonicClock.nowNanoseconds()),
        exchange(&isFailing, with: true)
      )
    }
    if lost > 0 { metrics.spans[.failed].add(lost) }
    // Once for each time that it begins to fail.
    if !wasFailing { log(.warning, "the collector of traces takes none: \(reason)") }
  }

  /// What an `ExportTraceServiceResponse` says of spans that the collector left out.
  private static func refusedSpans(_ body: [UInt8]) -> Int {
    body.withUnsafeBytes { bytes in
      var cursor = ProtobufCursor(bytes)
      do throws(ProtobufError) {
        while let field = try cursor.nextField() {
          guard field.number == 1, field.type == .bytes else {
            try cursor.skip(field.type)
            continue
          }
          var partial = try cursor.message()
          while let field = try partial.nextField() {
            if field.number == 1, field.type == .varint {
              return Int(clamping: Int64(bitPattern: try partial.varint()))
            }
            try partial.skip(field.type)
          }
        }
      } catch {
        // The status says that the spans were taken; collectors may answer with a text, too.
      }
      return 0
    }
  }
}
