import Foundation

/// What engines answer, as far as an examination reads it; names are vLLM's in camel case.
enum EngineAnswers {
  struct Version: Decodable { var version: String }
  struct Sleep: Decodable { var isSleeping: Bool }

  struct Models: Decodable {
    struct Model: Decodable {
      var id: String
      /// The base model of an adapter.
      var parent: String?
      var maxModelLen: Int?
    }
    var data: [Model]
  }

  /// One rank in the answer of `/kv_event_sources`, whose keys are the ranks.
  struct EventSource: Decodable {
    var enableKvCacheEvents: Bool?
    var publisher: String?
    var endpoint: String?
    var replayEndpoint: String?
    var bufferSteps: Int?
    var topic: String?
  }

  struct Completion: Decodable {
    struct Choice: Decodable { var promptTokenIds: [UInt32]? }
    struct Usage: Decodable {
      struct Details: Decodable { var cachedTokens: Int? }
      var promptTokens: Int
      var promptTokensDetails: Details?
    }
    var choices: [Choice]
    var usage: Usage?
  }

  static func read<Answer: Decodable>(_ type: Answer.Type, _ body: [UInt8]) -> Answer? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(type, from: Data(body))
  }

  /// The message of an error, or the beginning of what came instead.
  static func message(_ body: [UInt8]) -> String {
    struct Failure: Decodable {
      struct Content: Decodable { var message: String }
      var error: Content
    }
    let text = read(Failure.self, body)?.error.message ?? String(decoding: body, as: UTF8.self)
    return String(text.prefix(200))
  }
}
