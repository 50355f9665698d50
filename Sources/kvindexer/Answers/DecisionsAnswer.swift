/// What `GET /v1/decisions` answers.
struct DecisionsAnswer: Decodable {
  struct Decision: Decodable, Equatable {
    var id: Int
    var time: Double
    var requestId: String?
    var model: String
    var endpoint: String?
    var status: String
    var promptTokens: Int
    var basis: String?
    var predictedTokens: Int?
    var deliveredTokens: Int?
    var outputTokens: Int?
    var ttftMs: Double?
    var regretTokens: Int?
    var bestEndpoint: String?
    var errorCause: String?
    /// Chained hashes, one for 512 tokens; only where they were asked for.
    var blocks: [String]?

    var isPending: Bool { status == "pending" }
  }

  /// The newest first.
  var decisions: [Decision]
  /// The id below which there are more.
  var next: Int?
  /// How many the service remembers, and how many it has forgotten.
  var kept: Int
  var forgotten: Int
}
