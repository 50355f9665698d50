/// `kvindexer.v1.TokensFrom`: a number that may be newer than this program.
package struct TokensFromCode: RawRepresentable, Equatable, Sendable {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let unspecified = TokensFromCode(rawValue: 0)
  package static let given = TokensFromCode(rawValue: 1)
  package static let rendered = TokensFromCode(rawValue: 2)
  package static let cached = TokensFromCode(rawValue: 3)
  package static let estimated = TokensFromCode(rawValue: 4)
}

/// `kvindexer.v1.Trust`: a number that may be newer than this program.
package struct TrustCode: RawRepresentable, Equatable, Sendable {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let unspecified = TrustCode(rawValue: 0)
  package static let connecting = TrustCode(rawValue: 1)
  package static let bootstrapping = TrustCode(rawValue: 2)
  package static let lagging = TrustCode(rawValue: 3)
  package static let exact = TrustCode(rawValue: 4)
  package static let degraded = TrustCode(rawValue: 5)
  package static let mismatched = TrustCode(rawValue: 6)
  package static let silent = TrustCode(rawValue: 7)
  package static let dead = TrustCode(rawValue: 8)
}

/// The matched tokens of an endpoint or a rank, by the tier that holds them.
package struct TierTokenCounts: Equatable, Sendable {
  package var gpu: UInt32 = 0
  package var cpu: UInt32 = 0
  package var disk: UInt32 = 0
  package var remote: UInt32 = 0

  package init() {}
}
