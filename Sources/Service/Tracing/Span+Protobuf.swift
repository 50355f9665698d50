/// The messages of OpenTelemetry's `trace.proto`, version 1.
extension Span: ProtobufWritable {
  package func write(to writer: inout ProtobufWriter) {
    writer.fixed32(16, context.isSampled ? 1 : 0)
    if let fault {
      writer.message(15) { writer in
        // 2 is `STATUS_CODE_ERROR`.
        writer.varint(3, 2)
        writer.stringIfPresent(2, fault)
      }
    }
    writer.messages(9, attributes)
    writer.fixed64(8, end)
    writer.fixed64(7, start)
    writer.varint(6, UInt64(kind.rawValue))
    writer.string(5, name)
    if parent != 0 { writer.bigEndian(4, parent) }
    writer.bigEndian(2, context.span)
    writer.bigEndian(1, context.trace.high, context.trace.low)
  }
}

extension Span.Attribute: ProtobufWritable {
  package func write(to writer: inout ProtobufWriter) {
    writer.message(2) { writer in
      switch value {
      case .string(let text): writer.string(1, text)
      case .bool(let flag): writer.varint(2, flag ? 1 : 0)
      case .int(let number): writer.varint(3, UInt64(bitPattern: Int64(number)))
      case .double(let number): writer.double(4, number)
      }
    }
    writer.string(1, name)
  }
}

/// An `ExportTraceServiceRequest`.
struct SpanBatch: ProtobufWritable {
  /// Says who exports.
  var resource: [Span.Attribute]
  var version: String
  var spans: ArraySlice<Span>

  func write(to writer: inout ProtobufWriter) {
    writer.message(1) { writer in
      writer.message(2) { writer in
        writer.messages(2, Array(spans))
        writer.message(1) { writer in
          writer.string(2, version)
          writer.string(1, "kvindexer")
        }
      }
      writer.message(1) { writer in writer.messages(1, resource) }
    }
  }
}

extension ProtobufWriter {
  /// Writes numbers as bytes, the first byte first.
  fileprivate mutating func bigEndian(_ field: UInt32, _ values: UInt64...) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: values.count) { buffer in
      for (index, value) in values.enumerated() { buffer[index] = value.bigEndian }
      bytes(field, UnsafeRawBufferPointer(buffer))
    }
  }
}
