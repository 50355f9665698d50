import KVIndexer
import Testing

@testable import Service

/// An endpoint's `/v1/models` says what the names in requests mean.
@Suite(.serialized) struct ServedModelsTests {
  private static let list = """
    {"object": "list", "data": [
      {"id": "base", "object": "model", "root": "/models/base", "parent": null},
      {"id": "alias", "root": "/models/base", "parent": null},
      {"id": "sql", "root": "/adapters/sql", "parent": "base", "permission": [{"id": "x"}]}]}
    """

  /// Serves a list of models, and nothing else.
  private func modelServer(_ list: String) throws -> HTTPServer {
    var router = Router()
    router.on(.get, "/v1/models") { _ in
      HTTPResponse(contentType: "application/json", body: Array(list.utf8))
    }
    let routes = router
    return try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { routes.respond(to: $0, $1) })
  }

  @Test func `names are read with their parents, and garbage is no list`() {
    #expect(
      ServedModels.list(in: Array(Self.list.utf8))?.names == [
        "base": nil, "alias": nil, "sql": "base",
      ])
    #expect(ServedModels.list(in: Array("{\"data\": [1]}".utf8)) == nil)
    #expect(ServedModels.list(in: Array("<html>".utf8)) == nil)
    #expect(ServedModels.list(in: Array("{}".utf8)) == ServedModels.List())
  }

  @Test func `an adapter's name means its base model with that adapter`() throws {
    let server = try modelServer(Self.list)
    defer { server.stop(waitingAtMost: .seconds(5)) }
    guard case .tcp(_, let port) = server.addresses[0] else { throw Deadline.Passed() }
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a", port: Int(port), model: "base")])
    engine.store(1..<2) { $0.loraName = "sql" }
    engine.store(2..<3)
    let tokens = PublishedEngine.tokens(1) + [0]
    func score(_ prompt: [TokenID], _ fields: String) throws -> ServiceHarness.Answer {
      try harness.send("POST", "/v1/score", #"{"tokens": \#(prompt), \#(fields)}"#)
    }
    // Unknown until the endpoint has told its list, and until the blocks are stored, one after another.
    let aliased = PublishedEngine.tokens(2) + [0]
    try Deadline.wait { try score(aliased, #""model": "alias""#).matched == ["a": 64] }
    #expect(try score(tokens, #""model": "sql""#).matched == ["a": 64])
    #expect(try score(tokens, #""model": "sql""#).json["model"]?.string == "base")
    #expect(try score(tokens, #""model": "base""#).matched == ["a": 0])
    let body = #"{"model": "sql", "token_ids": \#(tokens), "sampling_params": {}}"#
    for model in ["", #""model": "base", "#] {
      let answer = try harness.send(
        "POST", "/v1/score",
        #"{\#(model)"path": "/inference/v1/generate", "body": \#(body)}"#)
      #expect(answer.matched == ["a": 64], "\(answer.message)")
    }
    #expect(try score(tokens, #""model": "nobody's""#).status == 404)
    engine.publisher.stop()
  }
}
