package import KVIndexer
package import Simulation

/// One request of a transcript (`requests.jsonl`): what was sent, and what the engine answered.
package struct RecordedRequest: Decodable, Sendable {
  /// A value before the request was sent, and once all was quiet after the reply.
  package struct Change<Value: Decodable & Sendable>: Decodable, Sendable {
    package var before: Value?
    package var after: Value?
  }

  /// Counters of the engine, in tokens and preemptions.
  package struct Metrics: Decodable, Sendable, Equatable {
    package var queries: Int
    package var hits: Int
    package var preemptions: Int
  }

  package var id: Int
  package var label: String
  /// The HTTP port of the engine.
  package var server: Int
  package var path: String
  package var headers: [String: String]?
  package var body: RecordedJSON
  package var response: RecordedJSON?
  package var status: Int
  /// Seconds since 1970.
  package var sendTime: Double
  /// Seconds since 1970.
  package var doneTime: Double
  /// Nil for requests that carry no prompt, such as a cache reset.
  package var promptTokenIDs: [TokenID]?
  package var outputTokenIDs: [TokenID]?
  /// For several choices or prompts; `cachedTokens` is then not their sum.
  package var allOutputTokenIDs: [[TokenID]]?
  package var promptTokens: Int?
  package var cachedTokens: Int?
  package var metrics: Change<Metrics>
  /// The last event sequence number that a subscriber had received.
  package var sequence: Change<UInt64>
  /// Sent together with its neighbours, whose metrics and sequence numbers it shares.
  package var concurrent: Bool?

  private enum CodingKeys: String, CodingKey {
    case id
    case label
    case server
    case path
    case headers
    case body
    case response
    case status
    case sendTime = "t_send"
    case doneTime = "t_done"
    case promptTokenIDs = "prompt_token_ids"
    case outputTokenIDs = "output_token_ids"
    case allOutputTokenIDs = "all_output_token_ids"
    case promptTokens = "prompt_tokens"
    case cachedTokens = "cached_tokens"
    case metrics
    case sequence = "seq"
    case concurrent
  }

  /// Reads a whole transcript.
  ///
  /// - Throws: `InputFileError` with the first line at fault.
  package static func read(from file: String) throws(InputFileError) -> [RecordedRequest] {
    try JSONLines.read(RecordedRequest.self, from: file)
  }
}
