import KVIndexer
import Service
import Testing

/// Scores over gRPC from a whole service; Python's client is tested against the same server.
@Suite(.serialized) struct GRPCScoreTests {
  private static let score = "/kvindexer.v1.KVIndexer/Score" as StaticString
  private static let batch = "/kvindexer.v1.KVIndexer/ScoreBatch" as StaticString
  private static let pods = "/indexer.v1.IndexerService/GetPodScores" as StaticString
  private static let words = (0..<100).map { "word\($0)" }.joined(separator: " ")

  /// Two servers, of which the first holds the words, and a connection to the service.
  private func fleet() throws -> (RenderedFleet, GRPCClientConnection) {
    let fleet = try RenderedFleet { $0.grpcListen = [.tcp(host: "127.0.0.1", port: 0)] }
    _ = try fleet.generate("/v1/completions", #"{"prompt": "\#(Self.words)"}"#, on: 0)
    try fleet.settle()
    return (fleet, try GRPCClientConnection(fleet.harness.service.grpcAddresses[0]))
  }

  private func call<Answer: ProtobufMessage>(
    _ method: StaticString, _ message: some ProtobufMessage, on connection: GRPCClientConnection,
    _ type: Answer.Type = Answer.self
  ) throws -> Answer {
    let (status, bytes) = try connection.unary(method, message.serialized())
    #expect(status == .ok)
    return try (bytes ?? []).withUnsafeBytes { try Answer(parsing: $0) }
  }

  @Test func `a score says the same as over HTTP`() throws {
    let (fleet, connection) = try fleet()
    defer { withExtendedLifetime(fleet) {} }
    var message = ScoreRequestMessage()
    message.prompt = Self.words
    message.wantsTokens = true
    message.wantsDetail = true
    let answer: ScoreResponseMessage = try call(Self.score, message, on: connection)
    #expect(answer.model == "simulated")
    #expect(answer.promptTokens == 100)
    #expect(answer.tokensFrom == .rendered)
    #expect(answer.tokens.count == 100)
    #expect(answer.endpoints.map(\.endpoint) == ["s0", "s1"])
    #expect(answer.endpoints.map(\.matchedTokens) == [96, 0])
    #expect(answer.endpoints.map(\.score) == [0.96, 0])
    #expect(answer.endpoints.map(\.trust) == [.exact, .exact])
    #expect(answer.endpoints.map(\.ranks.count) == [1, 1])
    #expect(answer.endpoints[0].tiers.gpu == 96)
    #expect(answer.endpoints[0].blockSize == 16)
    var given = ScoreRequestMessage()
    given.tokens = answer.tokens
    given.topK = 1
    let again: ScoreResponseMessage = try call(Self.score, given, on: connection)
    #expect(again.tokensFrom == .given)
    #expect(again.endpoints.map(\.endpoint) == ["s0"])
    #expect(try fleet.score(#"{"prompt": "\#(Self.words)"}"#).matched == ["s0": 96, "s1": 0])
  }

  @Test func `a batch answers each request, and a bad one with its own error`() throws {
    let (fleet, connection) = try fleet()
    defer { withExtendedLifetime(fleet) {} }
    var message = ScoreBatchRequestMessage()
    message.requests = (0..<3).map { _ in ScoreRequestMessage() }
    message.requests[0].prompt = Self.words
    message.requests[1].prompt = "a"
    message.requests[1].tokens = [1]
    message.requests[2].tokens = [1, 2, 3]
    let answer: ScoreBatchResponseMessage = try call(Self.batch, message, on: connection)
    #expect(answer.responses.map(\.promptTokens) == [100, 0, 3])
    #expect(answer.responses.map(\.error.isEmpty) == [true, false, true])
    let empty: ScoreBatchResponseMessage = try call(
      Self.batch, ScoreBatchRequestMessage(), on: connection)
    #expect(empty.responses.isEmpty)
  }

  @Test func `pods are scored as llm-d-kv-cache scores them, by the names it was given`() throws {
    let (fleet, connection) = try fleet()
    defer { withExtendedLifetime(fleet) {} }
    var message = PodScoresRequestMessage()
    message.prompt = Self.words
    message.modelName = "simulated"
    let all: PodScoresResponseMessage = try call(Self.pods, message, on: connection)
    #expect(all.scores.map(\.pod) == ["s0"])
    #expect(all.scores.map(\.score) == [6])
    let address = fleet.servers[0].url.dropFirst("http://".count)
    message.podIdentifiers = [String(address), "elsewhere"]
    let some: PodScoresResponseMessage = try call(Self.pods, message, on: connection)
    #expect(some.scores.map(\.pod) == [String(address)])
  }

  @Test func `what is wrong with a request is told by its status`() throws {
    let (fleet, connection) = try fleet()
    defer { withExtendedLifetime(fleet) {} }
    var message = ScoreRequestMessage()
    message.tokens = [1]
    message.model = "other"
    #expect(try connection.unary(Self.score, message.serialized()).status.code == .notFound)
    message.model = ""
    message.prompt = "also"
    let twice = try connection.unary(Self.score, message.serialized()).status
    #expect(twice.code == .invalidArgument)
    #expect(twice.message.contains("once"))
    #expect(try connection.unary(Self.score, [0xff]).status.code == .invalidArgument)
    #expect(try connection.unary("/kvindexer.v1.KVIndexer/Sore", []).status.code == .unimplemented)
  }

  @Test func `an address that others can reach is not served without tokens`() throws {
    #expect(throws: InsecureListening.self) {
      try ServiceHarness { $0.grpcListen = [.tcp(host: "0.0.0.0", port: 0)] }
    }
    let harness = try ServiceHarness {
      $0.grpcListen = [.tcp(host: "0.0.0.0", port: 0)]
      $0.allowsInsecureListen = true
    }
    #expect(harness.service.grpcAddresses.count == 1)
  }
}
