/// The spans of one request.
///
/// Parts of it are sent when they are over, the span of the whole request at its end.
package final class RequestTrace: Sendable {
  /// What happens next is a child of this.
  package let context: TraceContext
  private let parent: UInt64
  /// In monotonic nanoseconds.
  let start: UInt64
  private let exporter: SpanExporter
  /// The same for all spans, so that parts fit into what they are parts of.
  private let clock = ClockOffset()

  init(_ context: TraceContext, parent: UInt64, start: UInt64, _ exporter: SpanExporter) {
    self.context = context
    self.parent = parent
    self.start = start
    self.exporter = exporter
  }

  /// A part of the request, from and until a time in monotonic nanoseconds.
  package struct Part: Sendable {
    package var name: String
    package var start: UInt64
    package var end: UInt64
    package var attributes: [Span.Attribute] = []
    /// Parts of this part.
    package var parts: [Part] = []

    package init(
      _ name: String, from start: UInt64, to end: UInt64, _ attributes: [Span.Attribute] = [],
      parts: [Part] = []
    ) {
      self.name = name
      self.start = start
      self.end = end
      self.attributes = attributes
      self.parts = parts
    }
  }

  /// Sends a part of the request that is over.
  package func add(_ part: Part) {
    var spans: [Span] = []
    append(part, below: context, to: &spans)
    exporter.add(spans)
  }

  /// Sends the span of the whole request; to be called once.
  package func end(
    _ name: String, attributes: [Span.Attribute], fault: String? = nil, parts: [Part] = []
  ) {
    var spans = [
      Span(
        context: context, parent: parent, name: name, kind: .server, start: clock.unix(start),
        end: clock.unix(MonotonicClock.nowNanoseconds()), attributes: attributes, fault: fault)
    ]
    for part in parts { append(part, below: context, to: &spans) }
    exporter.add(spans)
  }

  private func append(_ part: Part, below parent: TraceContext, to spans: inout [Span]) {
    var context = parent
    context.span = .random(in: 1 ... .max)
    spans.append(
      Span(
        context: context, parent: parent.span, name: part.name, kind: .internal,
        start: clock.unix(part.start), end: clock.unix(max(part.end, part.start)),
        attributes: part.attributes))
    for part in part.parts { append(part, below: context, to: &spans) }
  }
}

/// Turns monotonic times into times of day, by how both clocks are now.
private struct ClockOffset: Sendable {
  private let offset: UInt64

  init() { offset = WallClock.nanoseconds() &- MonotonicClock.nowNanoseconds() }

  func unix(_ monotonic: UInt64) -> UInt64 { monotonic &+ offset }
}
