import KVIndexer
import Testing

@testable import Simulation

@Suite struct ChatWorkloadTests {
  private static var small: ChatWorkloadParameters {
    var parameters = ChatWorkloadParameters()
    parameters.systemPromptCount = 2
    parameters.systemPromptTokens = 50...60
    parameters.usersPerSystemPrompt = 3
    parameters.sequenceTokensMax = 1_000
    return parameters
  }

  @Test(arguments: [1, 2, 3])
  func `A turn continues the last prompt and its answer`(seed: UInt64) throws {
    var chats = try ChatWorkload(Self.small, seed: seed)
    var history: [SessionID: [TokenID]] = [:]
    var continued = 0
    for round in 0..<300 {
      let next = chats.nextRequest()
      let request = try #require(next)
      #expect(request.tokens.count + request.outputTokensMax <= 1_000)
      if request.turn > 0 {
        let earlier = try #require(history[request.session])
        #expect(request.tokens.starts(with: earlier))
        continued += 1
      }
      let answer = (0..<request.outputTokensMax).map { TokenID(round + $0) }
      chats.answer(answer, to: request.session)
      history[request.session] = request.tokens + answer
    }
    #expect(continued > 100)
  }

  @Test func `A request says where its messages end`() throws {
    var chats = try ChatWorkload(Self.small, seed: 5)
    var history: [SessionID: [Int]] = [:]
    for _ in 0..<100 {
      let next = chats.nextRequest()
      let request = try #require(next)
      #expect(request.messageEnds.count == 2 * request.turn + 2)
      #expect(request.messageEnds.last == request.tokens.count)
      if request.turn > 0, let earlier = history[request.session] {
        #expect(request.messageEnds.dropLast() == earlier[...])
      } else {
        #expect((50...60).contains(request.messageEnds[0]))
      }
      chats.answer([1, 2, 3], to: request.session)
      history[request.session] = request.messageEnds + [request.tokens.count + 3]
    }
  }

  @Test func `Sessions of one application share its system prompt`() throws {
    var chats = try ChatWorkload(Self.small, seed: 9)
    var openings: Set<[TokenID]> = []
    while let request = chats.nextRequest() { openings.insert(Array(request.tokens.prefix(50))) }
    #expect(openings.count == 2)
  }

  @Test func `A session waits for its answer`() throws {
    var chats = try ChatWorkload(Self.small, seed: 4)
    var sessions: Set<SessionID> = []
    while let request = chats.nextRequest() { sessions.insert(request.session) }
    #expect(sessions.count == 6)
    let one = try #require(sessions.first)
    chats.answer([], to: one)
    let next = chats.nextRequest()
    #expect(next?.session == one)
  }

  @Test(arguments: [5, 6])
  func `The same seed gives the same requests, another seed others`(seed: UInt64) throws {
    func requests(_ seed: UInt64) throws -> [ChatRequest] {
      var chats = try ChatWorkload(Self.small, seed: seed)
      return (0..<6).compactMap { _ in chats.nextRequest() }
    }
    let first = try requests(seed)
    #expect(try requests(seed) == first)
    #expect(try requests(seed + 100) != first)
  }

  @Test func `Lengths that can't fit are refused`() {
    var parameters = Self.small
    parameters.sequenceTokensMax = 459
    #expect(throws: ChatWorkloadError.firstTurnTooLong(tokens: 460, maximum: 459)) {
      try ChatWorkload(parameters, seed: 0)
    }
    parameters = Self.small
    parameters.turns = 0...3
    #expect(throws: ChatWorkloadError.tooSmall(field: "turns", value: 0)) {
      try ChatWorkload(parameters, seed: 0)
    }
  }
}
