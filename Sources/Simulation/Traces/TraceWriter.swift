import Tokenize

extension Trace {
  /// The trace as `TraceReader` reads it.
  package var jsonLines: [UInt8] {
    var lines: [UInt8] = []
    for request in requests {
      var writer = JSONWriter()
      writer.object { writer in
        writer.field("timestamp", Int(request.time / 1_000_000))
        writer.field("input_length", request.promptTokens)
        writer.field("output_length", request.outputTokens)
        writer.field("hash_ids") { writer in
          writer.array { for id in ids[request.blocks] { $0.integer(Int(id)) } }
        }
      }
      lines += writer.bytes
      lines.append(UInt8(ascii: "\n"))
    }
    return lines
  }
}
