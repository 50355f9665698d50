/// What `POST /v1/explain` answers.
struct ExplainAnswer: Decodable {
  struct Tokens: Decodable {
    var sentence: String
  }

  struct Missing: Decodable {
    var block: Int
    var token: Int
    var cause: String
    var agoS: Double?
    var sentence: String
  }

  struct Prediction: Decodable {
    var tokens: Int
    var basis: String
  }

  struct Score: Decodable {
    var scorer: String
    var weight: Double
    var score: Double
  }

  struct Endpoint: Decodable {
    var endpoint: String
    var rank: Int?
    var matchedTokens: Int
    var tiers: [String: Int]
    var reservedTokens: Int
    var trust: String
    var reason: String?
    var trustSinceS: Double?
    var missing: Missing?
    var prediction: Prediction?
    var scoreTotal: Double?
    var scores: [Score]
    var filteredBy: String?
    var picked: Bool
  }

  struct GivenUp: Decodable {
    var sentence: String
  }

  struct Pick: Decodable {
    var endpoint: String
    var sentence: String
    var givenUp: GivenUp?
  }

  var model: String
  var promptTokens: Int
  var reason: String?
  var tokens: Tokens
  var blockSize: Int?
  var fullBlocks: Int?
  var usableBlocks: Int?
  var lora: String?
  var cacheSalt: Bool
  var endpoints: [Endpoint]
  var pick: Pick?
}
