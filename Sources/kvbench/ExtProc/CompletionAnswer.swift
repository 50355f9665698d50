import Service
import Tokenize

/// A stand-in's answer to a completion: who it was, and how much it was sent.
struct CompletionAnswer: Equatable {
  var engine: Int
  var receivedBytes: Int

  init(engine: Int, receivedBytes: Int) {
    self.engine = engine
    self.receivedBytes = receivedBytes
  }

  /// Reads a body; nil when it is none of a stand-in.
  init?(parsing body: [UInt8]) {
    engine = -1
    receivedBytes = -1
    do throws(JSONError) {
      try body.span.withUnsafeBytes { bytes throws(JSONError) in
        var cursor = JSONCursor(bytes)
        try cursor.beginObject()
        while let key = try cursor.nextKey() {
          if key == "engine" {
            engine = try cursor.integer()
          } else if key == "received_bytes" {
            receivedBytes = try cursor.integer()
          } else {
            try cursor.skipValue()
          }
        }
      }
    } catch {
      return nil
    }
  }

  var response: HTTPResponse { HTTPResponse(json: Self.json(engine, receivedBytes)) }

  /// The bytes of an answer, for gateways that are played by a benchmark.
  var bytes: [UInt8] { Self.json(engine, receivedBytes).bytes }

  private static func json(_ engine: Int, _ receivedBytes: Int) -> JSONWriter {
    var json = JSONWriter(capacity: 512)
    json.object { json in
      json.field("engine", engine)
      json.field("received_bytes", receivedBytes)
      json.field("object", "text_completion")
      json.field("model", SharedPrompts.model)
      json.field("choices") { json in
        json.array { json in
          json.object { json in
            json.field("index", 0)
            json.field("text", " and so on")
            json.field("finish_reason", "length")
          }
        }
      }
      json.field("usage") { json in
        json.object { json in
          json.field("prompt_tokens", receivedBytes / 4)
          json.field("completion_tokens", 8)
          json.field("total_tokens", receivedBytes / 4 + 8)
        }
      }
    }
    return json
  }
}
