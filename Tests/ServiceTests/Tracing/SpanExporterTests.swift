import Foundation
import Testing

@testable import Service

@Suite(.serialized) struct SpanExporterTests {
  private static func settings(_ url: String) throws -> TracingSettings {
    var settings = try #require(TracingSettings(url: url))
    settings.interval = .milliseconds(1)
    settings.retryPause = .milliseconds(1)
    settings.share = 1
    return settings
  }

  private static let attributes: [Span.Attribute] = [
    .init("s", .string("text")), .init("b", .bool(true)), .init("i", .int(-3)),
    .init("d", .double(0.5)),
  ]

  private static func trace(_ tracer: Tracer, _ header: String? = nil) throws -> RequestTrace {
    try #require(tracer.begin(header, start: MonotonicClock.nowNanoseconds()))
  }

  @Test func `a request's spans arrive with their places, times and attributes`() throws {
    let collector = try Collector()
    defer { collector.stop() }
    let tracer = try Tracer(try Self.settings(collector.url), log: Log(minimum: .error) { _ in })
    let before = WallClock.nanoseconds()
    let trace = try Self.trace(tracer, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    let now = MonotonicClock.nowNanoseconds()
    trace.add(
      .init("whole", from: now, to: now + 9, parts: [.init("part", from: now, to: now + 4)]))
    trace.end("request", attributes: Self.attributes, fault: "it broke")
    try Deadline.wait { tracer.exporter.metrics.spans[.exported].value == 3 }
    tracer.stop()
    let spans = try collector.spans(atLeast: 3)
    let (whole, part, request) = (spans[0], spans[1], spans[2])
    #expect(spans.map(\.name) == ["whole", "part", "request"])
    #expect(spans.allSatisfy { $0.trace == "4bf92f3577b34da6a3ce929d0e0e4736" })
    #expect(request.parent == "00f067aa0ba902b7" && request.span.count == 16 && request.kind == 2)
    #expect(whole.parent == request.span && part.parent == whole.span && part.kind == 1)
    #expect(trace.context.text == "00-\(request.trace)-\(request.span)-01")
    #expect(request.attributes == ["s": "text", "b": "true", "i": "-3", "d": "0.5"])
    #expect(request.fault == "it broke" && whole.fault == nil)
    #expect(part.end - part.start == 4 && whole.end - whole.start == 9)
    #expect(request.start <= request.end && request.start > before - 60_000_000_000)
    let resource = try Collector.read(collector.requests[0]).resource
    #expect(resource["service.name"] == "kvindexer")
    #expect(resource["service.version"] == ProductVersion.current)
    #expect(tracer.exporter.metrics.spans[.exported].value == 3)
  }

  @Test func `who sent a request decides whether it is traced, else a share of them is`() throws {
    var settings = try Self.settings("http://127.0.0.1:1")
    settings.share = 0
    let never = try Tracer(settings, log: Log(minimum: .error) { _ in })
    defer { never.stop() }
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"
    #expect(
      never.begin(parent + "1", start: 0) != nil && never.begin(parent + "0", start: 0) == nil)
    #expect(never.begin(nil, start: 0) == nil && never.begin("nonsense", start: 0) == nil)
    settings.share = 1
    let always = try Tracer(settings, log: Log(minimum: .error) { _ in })
    defer { always.stop() }
    #expect(always.begin(parent + "0", start: 0) == nil)
    let (first, second) = (always.begin(nil, start: 0), always.begin("nonsense", start: 0))
    #expect(first != nil && second != nil && first?.context.trace != second?.context.trace)
  }

  @Test func `a collector that is busy is asked again`() throws {
    let collector = try Collector(answering: [503, 429])
    defer { collector.stop() }
    let tracer = try Tracer(try Self.settings(collector.url), log: Log(minimum: .error) { _ in })
    defer { tracer.stop() }
    try Self.trace(tracer).end("request", attributes: [])
    #expect(try collector.spans(atLeast: 1).count == 1)
    try Deadline.wait { tracer.exporter.metrics.spans[.exported].value == 1 }
  }

  @Test func `what a collector does not take is counted, and said once`() throws {
    let collector = try Collector(answering: Array(repeating: 400, count: 100))
    defer { collector.stop() }
    let log = LogLines()
    let tracer = try Tracer(try Self.settings(collector.url), log: Log { log.add($0) })
    try Self.trace(tracer).end("request", attributes: [])
    try Deadline.wait { tracer.exporter.metrics.spans[.failed].value == 1 }
    try Self.trace(tracer).end("request", attributes: [])
    try Deadline.wait { tracer.exporter.metrics.spans[.failed].value == 2 }
    tracer.stop()
    #expect(log.all.count == 1 && log.all[0].contains("takes none: it answered 400"))
  }

  @Test func `where nobody collects, the queue stays bounded and a stop does not hang`() throws {
    var settings = try Self.settings("http://127.0.0.1:1")
    settings.queueMax = 16
    settings.retryPause = .seconds(3600)
    let tracer = try Tracer(settings, log: Log(minimum: .error) { _ in })
    for _ in 0..<100 { try Self.trace(tracer).end("request", attributes: []) }
    #expect(tracer.exporter.metrics.spans[.overflowed].value == 84)
    tracer.stop()
    #expect(tracer.exporter.metrics.spans[.failed].value == 16)
  }

  @Test(arguments: [
    ("http://h:4318", "/v1/traces"), ("http://h:4318/", "/v1/traces"),
    ("https://h/otlp/v1/traces", "/otlp/v1/traces"),
  ])
  func `a URL without a path means the path of the standard`(_ url: String, _ path: String) {
    #expect(TracingSettings(url: url)?.path == path)
  }

  @Test(arguments: ["", "h:4318", "http://", "ftp://h", "http:// h", "unix:/x"])
  func `what is no URL of a collector is refused`(_ url: String) {
    #expect(TracingSettings(url: url) == nil)
  }
}
