import KVIndexer
import Testing

@testable import Service

/// What an examination says of a running indexer's trust.
@Suite struct DoctorTrustTests {
  private static let states: [Trust] =
    [.connecting, .bootstrapping, .lagging, .exact, .silent, .dead]
    + Trust.Degradation.allCases.map { .degraded($0) }
    + Trust.Mismatch.allCases.map { .mismatched($0) }

  @Test func `no state is left out here`() {
    #expect(Set(Self.states.map(\.name)) == Set(Trust.names))
  }

  /// An option of `serve` or of vLLM, a field of the endpoints file, or a request.
  private static func names(_ mend: String) -> Bool {
    ["`--", "`serve --", "`kvEvents", "`POST /", "`kvindexer "].contains { mend.contains($0) }
  }

  @Test(arguments: states)
  func `each state but exact has a sentence, and what mends it`(_ trust: Trust) throws {
    let problem = DoctorProblem.untrusted(trust, rank: 3, reason: trust.reason)
    guard trust != .exact else { return #expect(problem == nil) }
    let told = try #require(problem)
    #expect(told.found.hasPrefix("The indexer says of rank 3: \(trust.name)"))
    #expect(trust.cause.map { told.found.hasSuffix(" (\($0)).") } ?? true)
    #expect(told.matters == trust.reason)
    #expect(Self.names(told.mend), "\(told.mend)")
    #expect(told.mend.hasSuffix(".") && told.isFault != trust.takesClaims)
  }

  @Test(arguments: states)
  func `each state is read as the service tells it`(_ trust: Trust) {
    #expect(Trust(name: trust.name, reason: trust.reason) == trust)
  }

  @Test func `a state of a newer indexer is told as it is`() {
    #expect(Trust(name: "better", reason: nil) == nil)
    let problem = DoctorProblem.unknownTrust("better", rank: 0, reason: nil)
    #expect(problem.found.contains("better") && !problem.isFault)
  }
}
