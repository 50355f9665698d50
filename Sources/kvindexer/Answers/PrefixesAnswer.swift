/// What `GET /v1/prefixes` answers.
struct PrefixesAnswer: Decodable {
  struct Holder: Decodable {
    var endpoint: String
    var rank: Int
    var tier: String
    var blocks: Int
  }

  /// A stretch of blocks without a branch.
  struct Prefix: Decodable {
    var id: String
    var firstBlock: Int
    var blocks: Int
    var depthTokens: Int?
    var holders: [Holder]
    var holderCount: Int
    var children: Int
    var lastHitS: Double?
    var reads: Int
    var value: Double
  }

  var prefixes: [Prefix]
  var total: Int?
  /// Whether there may be others that are worth more.
  var partial: Bool?
  var next: String?
}
