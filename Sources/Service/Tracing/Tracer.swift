/// Says which requests are traced, and gives their spans a place in the trace.
///
/// The sender of a request decides by its `traceparent`; where it says nothing a share of the
/// requests begins traces of their own.
package final class Tracer: Sendable {
  let exporter: SpanExporter
  private let share: Double

  /// Starts the exporter.
  ///
  /// - Throws: `HTTPClientError` when libcurl does not start.
  package init(_ settings: TracingSettings, log: Log) throws(HTTPClientError) {
    share = settings.share
    exporter = try SpanExporter(settings, log: log)
  }

  /// The trace of a request that came with this `traceparent`; nil when it is not recorded.
  ///
  /// - Parameter start: When the request came, in monotonic nanoseconds.
  package func begin(_ header: String?, start: UInt64) -> RequestTrace? {
    // What can't be read begins a trace anew, as if it were not there.
    let parent = header.flatMap { TraceContext($0) }
    guard parent?.isSampled ?? (Double.random(in: 0..<1) < share) else { return nil }
    let trace =
      parent?.trace
      ?? TraceContext.TraceID(high: .random(in: .min ... .max), low: .random(in: 1 ... .max))
    return RequestTrace(
      TraceContext(trace: trace, span: .random(in: 1 ... .max), isSampled: true),
      parent: parent?.span ?? 0, start: start, exporter)
  }

  package func stop() { exporter.stop() }
}
