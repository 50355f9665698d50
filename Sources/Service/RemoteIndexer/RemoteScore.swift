package import KVIndexer
package import Tokenize

/// What another process's indexer says that endpoints hold of a prompt.
package struct RemoteScore: Sendable, Equatable {
  /// What one endpoint holds.
  package struct Endpoint: Sendable, Equatable {
    /// Its name in the indexer's endpoints file.
    package var name = ""
    package var address = ""
    /// Tokens a block; nil before the indexer knows.
    package var blockSize: Int?
    package var matchedTokens = 0
    /// Tokens that it would hold on top if every reservation came true.
    package var reservedTokens = 0
    package var tierTokens = TierTokens()
    /// The name of the state of trust.
    package var trustName = ""
    /// Why its numbers are not exact; nil when they are.
    package var reason: String?

    /// The state of trust; nil for a name that is not known here.
    package var trust: Trust? { Trust(name: trustName, reason: reason) }
  }

  package var promptTokens = 0
  /// How the tokens were obtained; when they are estimated, nothing matches.
  package var origin = TokensOrigin.given
  /// Why nothing matches whatever endpoints hold; nil when that is not so.
  package var reason: String?
  package var endpoints: [Endpoint] = []
}

extension RemoteScore {
  /// Reads the answer to `POST /v1/score`; fields that are not known are passed over.
  package init(parsing body: [UInt8]) throws(JSONError) {
    self = try body.span.withUnsafeBytes { bytes throws(JSONError) in
      var cursor = JSONCursor(bytes)
      var score = RemoteScore()
      try score.read(&cursor)
      try cursor.finish()
      return score
    }
  }

  private mutating func read(_ cursor: inout JSONCursor) throws(JSONError) {
    try cursor.beginObject()
    while let key = try cursor.nextKey() {
      switch key.text {
      case "prompt_tokens": promptTokens = try cursor.integer()
      case "tokens_from":
        // An origin that is not known here is nothing to rely on.
        origin = TokensOrigin(rawValue: try cursor.string()) ?? .estimated
      case "reason": reason = try cursor.null() ? nil : try cursor.string()
      case "endpoints":
        try cursor.beginArray()
        while try cursor.nextElement() { endpoints.append(try Endpoint(&cursor)) }
      default: try cursor.skipValue()
      }
    }
  }
}

extension RemoteScore.Endpoint {
  fileprivate init(_ cursor: inout JSONCursor) throws(JSONError) {
    try cursor.beginObject()
    while let key = try cursor.nextKey() {
      switch key.text {
      case "endpoint": name = try cursor.string()
      case "address": address = try cursor.string()
      case "block_size": blockSize = try cursor.null() ? nil : try cursor.integer()
      case "matched_tokens": matchedTokens = max(try cursor.integer(), 0)
      case "reserved_tokens": reservedTokens = max(try cursor.integer(), 0)
      case "tiers":
        try cursor.beginObject()
        while let tier = try cursor.nextKey() {
          let tokens = try cursor.integer()
          guard let tier = Tier.allCases.first(where: { $0.name == tier.text }) else { continue }
          tierTokens[tier] = Int(UInt32(clamping: tokens))
        }
      case "trust": trustName = try cursor.string()
      case "reason": reason = try cursor.null() ? nil : try cursor.string()
      default: try cursor.skipValue()
      }
    }
  }
}
