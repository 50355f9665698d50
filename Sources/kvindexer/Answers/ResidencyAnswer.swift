/// What `GET /v1/residency` answers; names are the API's in camel case.
struct ResidencyAnswer: Decodable {
  struct TierShare: Decodable {
    var tier: String
    var blocks: Int
    var tokens: Int
    var bytes: Int?
    var capacityBlocks: Int?
    var sharedBlocks: Int
  }

  struct Rank: Decodable {
    var rank: Int
    var trust: String
    var reason: String?
    var tiers: [TierShare]
  }

  struct Endpoint: Decodable {
    var endpoint: String
    var address: String
    var model: String?
    var trust: String
    var reason: String?
    var blocks: Int
    var tokens: Int
    var capacityBlocks: Int?
    var indexBytes: Int
    var tiers: [TierShare]
    var ageS: Double?
    var oldestS: Double?
    var storedPerS: Double?
    var removedPerS: Double?
    var turnoverS: Double?
    var ranks: [Rank]

    var sharedBlocks: Int { tiers.reduce(0) { $0 + $1.sharedBlocks } }
  }

  struct Namespace: Decodable {
    /// Its id.
    var namespace: String
    var model: String?
    var lora: String?
    var salted: Bool
    var blockSize: Int
    var blocks: Int
    var holders: Int
  }

  /// Whether the index was too large to be looked at whole.
  var partial: Bool?
  var endpoints: [Endpoint]
  var namespaces: [Namespace]
}
