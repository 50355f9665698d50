import Foundation
import Testing

@testable import Service

/// What is exported, read by OpenTelemetry's own classes (`opentelemetry-proto` from PyPI).
@Suite struct OTLPPeerTests {
  /// A Python that has them: `$KV_OTLP_PYTHON`, or the system's.
  private static let python =
    ProcessInfo.processInfo.environment["KV_OTLP_PYTHON"] ?? "/usr/bin/python3"

  private static let module = "opentelemetry.proto.collector.trace.v1.trace_service_pb2"

  private static let isAvailable: Bool = {
    do {
      return try Subprocess.run(python, ["-c", "import \(module)"]).isEmpty
    } catch {
      return false
    }
  }()

  @Test(.enabled(if: isAvailable)) func `OpenTelemetry reads the spans that we write`() throws {
    let span = Span(
      context: TraceContext(
        trace: .init(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736), span: 0xb7,
        isSampled: true),
      parent: 0xb6, name: "gateway.request", kind: .server, start: 17, end: 1 << 60,
      attributes: [.init("text", .string("ä")), .init("count", .int(-1))], fault: "broken")
    let batch = SpanBatch(
      resource: [.init("service.name", .string("epp"))], version: "1", spans: [span, span])
    var writer = ProtobufWriter()
    batch.write(to: &writer)
    let program = """
      import sys
      from \(Self.module) import ExportTraceServiceRequest
      request = ExportTraceServiceRequest.FromString(bytes.fromhex(sys.stdin.read()))
      [group] = request.resource_spans
      [scope] = group.scope_spans
      span = scope.spans[1]
      print(len(scope.spans), group.resource.attributes[0].key, scope.scope.name,
        span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
        span.start_time_unix_nano, span.end_time_unix_nano, span.attributes[0].value.string_value,
        span.attributes[1].value.int_value, span.status.code, span.status.message, span.flags,
        request.SerializeToString().hex() == "\(Hex.text(writer.array()))")
      """
    let output = try Subprocess.run(
      Self.python, ["-c", program], input: Hex.text(writer.array()))
    #expect(
      output == "2 service.name kvindexer 4bf92f3577b34da6a3ce929d0e0e4736 00000000000000b7 "
        + "00000000000000b6 gateway.request 2 17 1152921504606846976 ä -1 2 broken 1 True\n")
  }
}
