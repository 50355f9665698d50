import KVIndexer
import Simulation
import Tokenize

extension ModelServerAPI {
  /// What is the same in every event of a stream.
  private struct Frame: Sendable {
    var id: String
    var object: String
    var created: Int
    var isChat: Bool
    var returnsTokenIDs: Bool
  }

  /// Generates, and sends each token as server-sent events when its step is over.
  func stream(
    _ requests: [EngineRequest], _ body: CompletionBody, isChat: Bool, _ reply: HTTPReply
  ) {
    let frame = Frame(
      id: nextIdentifier(), object: isChat ? "chat.completion.chunk" : "text_completion",
      created: Int(WallClock.seconds()), isChat: isChat, returnsTokenIDs: body.returnsTokenIDs)
    let output = reply.startStream(
      HTTPResponse(contentType: "text/event-stream; charset=utf-8", body: []))
    if isChat { output.write(event(frame) { self.opening(&$0) }) }
    let endsWithUsage = body.streamsUsage
    do throws(EngineLoopError) {
      try loop.follow(requests) { [self] progress in
        switch progress {
        case .sampled(let place, let token):
          output.write(event(frame) { self.choice(place, token, frame, &$0) })
        case .finished(let results):
          for place in results.indices {
            output.write(event(frame) { self.ending(place, frame, &$0) })
          }
          if endsWithUsage { output.write(event(frame, results) { $0.array { _ in } }) }
          output.write(Array("data: [DONE]\n\n".utf8))
          output.finish()
        case .dead: output.close()
        }
      }
    } catch {
      // The head of the answer is gone: it can only be cut off.
      output.close()
    }
  }

  private func event(
    _ frame: Frame, _ results: [FinishedRequest]? = nil, choices: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("id", frame.id)
      json.field("object", frame.object)
      json.field("created", frame.created)
      json.field("model", configuration.model)
      json.field("choices", value: choices)
      if let results { writeUsage(of: results, to: &json) }
    }
    return Array("data: ".utf8) + json.bytes + Array("\n\n".utf8)
  }

  /// The first event of a chat says who speaks.
  private func opening(_ json: inout JSONWriter) {
    json.array { json in
      json.object { json in
        json.field("index", 0)
        json.field("delta") { json in
          json.object { json in
            json.field("role", "assistant")
            json.field("content", "")
          }
        }
        json.field("finish_reason", nil as String?)
      }
    }
  }

  private func choice(_ place: Int, _ token: TokenID, _ frame: Frame, _ json: inout JSONWriter) {
    let text = tokenizer.text(of: [token])
    json.array { json in
      json.object { json in
        json.field("index", place)
        if frame.isChat {
          json.field("delta") { json in json.object { $0.field("content", text) } }
        } else {
          json.field("text", text)
        }
        json.field("finish_reason", nil as String?)
        if frame.returnsTokenIDs { json.tokens("token_ids", [token]) }
      }
    }
  }

  /// The last event of a choice says why it ended.
  private func ending(_ place: Int, _ frame: Frame, _ json: inout JSONWriter) {
    json.array { json in
      json.object { json in
        json.field("index", place)
        if frame.isChat {
          json.field("delta") { $0.object { _ in } }
        } else {
          json.field("text", "")
        }
        json.field("finish_reason", "length")
      }
    }
  }
}
