import EPPScorer
import Testing
import Tokenize

@testable import Service

/// What is guessed from text, and how the guess follows what engines have room for.
struct ApproximateProducerTests {
  private static let second: UInt64 = 1_000_000_000

  /// A producer of blocks of 64 tokens, and its endpoints, of which the first one is asked about.
  private struct Guess {
    let producer: ApproximateProducer
    var endpoints: [PickerEndpoint]

    init(
      endpoints count: Int = 2, cache: EngineCache? = EngineCache(blocks: 64, blockTokens: 16),
      _ adjust: (inout ApproxPrefixCacheProducer) -> Void = { _ in }
    ) throws {
      var parameters = ApproxPrefixCacheProducer()
      adjust(&parameters)
      producer = ApproximateProducer(name: "a", parameters, tokensPerMedium: 225)
      endpoints = try (0..<count).map { try Self.endpoint("e\($0)") }
      set(cache)
    }

    static func endpoint(_ name: String, port: UInt16 = 8000) throws -> PickerEndpoint {
      let host = try #require(HostName("127.0.0.1"))
      let identity = EndpointConfiguration.Identity(namespace: "default", name: name)
      let member = FleetMembership.Member(
        name: name,
        configuration: EndpointConfiguration(
          identity: identity, address: host, port: port, labels: [:], topic: "", sources: []),
        model: "m", sources: [])
      let id = EndpointID(namespace: "default", name: name)
      return PickerEndpoint(Endpoint(id: id, host: host.text, port: port), member, nil)
    }

    func set(_ cache: EngineCache?) {
      producer.set(endpoints.map { (endpoint: $0, cache: cache) })
    }

    func read(_ body: String) throws -> ApproximatePrompt {
      producer.read(
        try ParsedRequest(
          PickerHarness.request(body), parsedBy: .standard, keyedBy: RenderKeySeed()))
    }

    func learn(_ body: String, on index: Int = 0) throws {
      producer.learn(try read(body), on: endpoints[index])
    }

    /// Tokens that the endpoints are believed to hold of a prompt.
    func tokens(_ body: String) throws -> [Int] {
      var prompt = try read(body)
      let tokens = prompt.promptTokens
      return producer.hits(&prompt, on: endpoints, promptTokens: tokens).map(\.matchedTokens)
    }

    /// Has the first endpoint deliver so much of a prompt that is believed to be there.
    func deliver(_ tokens: Int, of body: String, at now: UInt64) throws {
      var prompt = try read(body)
      let promptTokens = prompt.promptTokens
      _ = producer.hits(&prompt, on: endpoints, promptTokens: promptTokens)
      producer.delivered(
        tokens, of: prompt, promptTokens: promptTokens, candidate: 0, on: endpoints[0], now: now)
    }
  }

  @Test func `what was sent to an endpoint is believed to be there, as far as it is the same`()
    throws
  {
    let guess = try Guess()
    try guess.learn(Plans.text(1, blocks: 4))
    #expect(try guess.tokens(Plans.text(1, blocks: 4)) == [256, 0])
    #expect(try guess.tokens(Plans.text(1, blocks: 2)) == [128, 0])
    #expect(try guess.tokens(Plans.text(1, blocks: 8)) == [256, 0])
    #expect(try guess.tokens(Plans.text(2)) == [0, 0])
    #expect(try guess.tokens(Plans.text(1, more: #", "cache_salt": "s""#)) == [0, 0])
    #expect(try guess.tokens(Plans.text(1, more: #", "model": "n""#)) == [0, 0])
  }

  @Test func `several prompts of a request add up, each on its own`() throws {
    let guess = try Guess()
    let text = String(repeating: "a", count: 256)
    let other = String(repeating: "b", count: 512)
    try guess.learn(#"{"model": "m", "prompt": "\#(text)"}"#, on: 0)
    try guess.learn(#"{"model": "m", "prompt": "\#(other)"}"#, on: 1)
    #expect(
      try guess.tokens(#"{"model": "m", "prompt": ["\#(text)", "\#(other)"]}"#) == [64, 128])
  }

  @Test func `where the tokens are known, blocks count what they hold of them`() throws {
    let guess = try Guess()
    try guess.learn(Plans.text(1, blocks: 4))
    var prompt = try guess.read(Plans.text(1, blocks: 4))
    // 288 tokens by estimate, of which 256 are whole blocks.
    let hits = guess.producer.hits(&prompt, on: guess.endpoints, promptTokens: 144)
    #expect(hits.map(\.matchedTokens) == [128, 0])
    #expect(hits.map(\.blockTokens) == [128, 128])
  }

  @Test func `an engine's cache says how much is believed, else the configuration`() throws {
    let guess = try Guess()
    try guess.learn(Plans.text(1, blocks: 32))
    #expect(guess.producer.residencies == 16)
    guess.set(EngineCache(blocks: 16, blockTokens: 16))
    #expect(guess.producer.residencies == 4)
    for cache in [EngineCache(blocks: 64, blockTokens: 16), nil] {
      let fixed = try Guess(cache: cache) {
        $0.autoTune = false
        $0.lruCapacityPerServer = 32
      }
      try fixed.learn(Plans.text(1, blocks: 32))
      #expect(fixed.producer.residencies == 8)
    }
  }

  @Test func `no more of a prompt is looked at than is asked for`() throws {
    let guess = try Guess { $0.maxPrefixTokensToMatch = 130 }
    try guess.learn(Plans.text(1, blocks: 4))
    #expect(guess.producer.residencies == 2)
    #expect(try guess.tokens(Plans.text(1, blocks: 4)) == [128, 0])
  }

  @Test func `engines with larger blocks make a new beginning`() throws {
    let guess = try Guess()
    let before = try guess.read(Plans.text(1, blocks: 4))
    guess.producer.learn(before, on: guess.endpoints[0])
    guess.set(EngineCache(blocks: 64, blockTokens: 128))
    #expect(guess.producer.residencies == 0)
    // What was cut into the old blocks is of no use any more.
    guess.producer.learn(before, on: guess.endpoints[0])
    #expect(guess.producer.residencies == 0)
    try guess.learn(Plans.text(1, blocks: 4))
    #expect(try guess.tokens(Plans.text(1, blocks: 4)) == [256, 0])
    #expect(guess.producer.residencies == 2)
  }

  @Test func `nothing is known of an endpoint that went away, or is somewhere else`() throws {
    var guess = try Guess()
    for endpoint in 0..<2 { try guess.learn(Plans.text(1), on: endpoint) }
    guess.endpoints[0] = try Guess.endpoint("e0", port: 8001)
    guess.set(nil)
    #expect(try guess.tokens(Plans.text(1)) == [0, 256])
    guess.endpoints.removeLast()
    guess.set(nil)
    #expect(guess.producer.residencies == 0)
    // It is learned of no more than it is believed.
    try guess.learn(Plans.text(1))
    let gone = try Guess.endpoint("e1")
    guess.producer.learn(try guess.read(Plans.text(1)), on: gone)
    #expect(guess.producer.residencies == 4)
  }

  @Test func `a request that failed leaves what was there before it`() throws {
    let guess = try Guess()
    try guess.learn(Plans.text(1, blocks: 2))
    var prompt = try guess.read(Plans.text(1, blocks: 4))
    _ = guess.producer.hits(&prompt, on: guess.endpoints, promptTokens: prompt.promptTokens)
    guess.producer.learn(prompt, on: guess.endpoints[0])
    #expect(try guess.tokens(Plans.text(1, blocks: 4)) == [256, 0])
    guess.producer.forget(prompt, candidate: 0, on: guess.endpoints[0])
    #expect(try guess.tokens(Plans.text(1, blocks: 4)) == [128, 0])
  }

  @Test func `an engine that reuses less than was believed is believed to hold less`() throws {
    let guess = try Guess()
    try guess.learn(Plans.text(1, blocks: 16))
    func held() throws -> Int {
      try guess.learn(Plans.text(1, blocks: 16))
      return guess.producer.residencies
    }
    #expect(try held() == 16)
    // One block is within the error of the estimate.
    try guess.deliver(15 * 64, of: Plans.text(1, blocks: 16), at: Self.second)
    #expect(try held() == 16)
    try guess.deliver(0, of: Plans.text(1, blocks: 16), at: Self.second)
    #expect(try held() == 15)
    // The others of a burst are about the same loss.
    try guess.deliver(0, of: Plans.text(1, blocks: 16), at: Self.second + 1)
    #expect(try held() == 15)
    try guess.deliver(15 * 64, of: Plans.text(1, blocks: 16), at: 2 * Self.second)
    #expect(try held() == 16)
    // There is no more room than the engine says.
    try guess.deliver(16 * 64, of: Plans.text(1, blocks: 16), at: 3 * Self.second)
    try guess.learn(Plans.text(2, blocks: 16))
    #expect(guess.producer.residencies == 16)
  }

  @Test func `an engine that was told to look for nothing has lost nothing`() throws {
    let guess = try Guess()
    let logged = Plans.text(1, blocks: 16, more: #", "prompt_logprobs": 1"#)
    try guess.learn(logged)
    #expect(try guess.tokens(logged) == [0, 0])
    try guess.deliver(0, of: logged, at: Self.second)
    #expect(guess.producer.residencies == 16)
    #expect(try guess.tokens(Plans.text(1, blocks: 16)) == [1024, 0])
  }
}
