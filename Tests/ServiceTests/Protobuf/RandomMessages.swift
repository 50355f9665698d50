import Simulation

@testable import Service

/// Messages with every field at its default, at a limit, or in between.
enum RandomMessages {
  private static let texts = ["", "a", "vllm-0", "sält", "日本語", "\u{0}", "😀 and more than fifteen"]

  private static func text(_ random: inout SplitMix64) -> String {
    texts.randomElement(using: &random) ?? ""
  }

  private static func number(_ random: inout SplitMix64) -> UInt32 {
    let bits = UInt32.random(in: 0...32, using: &random)
    return bits == 32 ? .max : UInt32.random(in: 0...(1 << bits - 1), using: &random)
  }

  private static func tokens(_ random: inout SplitMix64) -> [UInt32] {
    (0..<Int.random(in: 0...40, using: &random)).map { _ in number(&random) }
  }

  private static func list<Element>(
    _ random: inout SplitMix64, _ make: (inout SplitMix64) -> Element
  ) -> [Element] {
    (0..<Int.random(in: 0...3, using: &random)).map { _ in make(&random) }
  }

  static func scoreRequest(_ random: inout SplitMix64) -> ScoreRequestMessage {
    var message = ScoreRequestMessage()
    message.model = text(&random)
    message.tokens = tokens(&random)
    if Bool.random(using: &random) { message.prompt = text(&random) }
    if Bool.random(using: &random) {
      var body = ScoreRequestMessage.HTTPBody()
      body.path = text(&random)
      body.body = Array(text(&random).utf8)
      message.body = body
    }
    message.cacheSalt = text(&random)
    message.lora = text(&random)
    message.endpoints = list(&random, text)
    message.topK = number(&random)
    message.deadlineMilliseconds = number(&random)
    message.wantsDetail = Bool.random(using: &random)
    message.wantsTokens = Bool.random(using: &random)
    return message
  }

  static func scoreResponse(_ random: inout SplitMix64) -> ScoreResponseMessage {
    var message = ScoreResponseMessage()
    message.model = text(&random)
    message.promptTokens = number(&random)
    message.tokensFrom = TokensFromCode(rawValue: UInt32.random(in: 0...5, using: &random))
    message.endpoints = list(&random, endpoint)
    message.reason = text(&random)
    message.isPartial = Bool.random(using: &random)
    if Bool.random(using: &random) {
      var took = ScoreResponseMessage.Timings()
      (took.parse, took.total) = (number(&random), number(&random))
      (took.render, took.hash, took.match) = (number(&random), number(&random), number(&random))
      message.took = took
    }
    message.tokens = tokens(&random)
    message.error = text(&random)
    return message
  }

  private static func tiers(_ random: inout SplitMix64) -> TierTokenCounts {
    var tiers = TierTokenCounts()
    (tiers.gpu, tiers.cpu) = (number(&random), number(&random))
    (tiers.disk, tiers.remote) = (number(&random), number(&random))
    return tiers
  }

  private static func endpoint(_ random: inout SplitMix64) -> EndpointScoreMessage {
    var message = EndpointScoreMessage()
    (message.endpoint, message.address) = (text(&random), text(&random))
    (message.blockSize, message.matchedTokens) = (number(&random), number(&random))
    message.tiers = tiers(&random)
    message.reservedTokens = number(&random)
    message.score = [0, -0.0, 1, 0.1, .infinity].randomElement(using: &random) ?? 0
    message.trust = TrustCode(rawValue: UInt32.random(in: 0...9, using: &random))
    message.reason = text(&random)
    message.ranks = list(&random, rank)
    return message
  }

  private static func rank(_ random: inout SplitMix64) -> RankScoreMessage {
    var message = RankScoreMessage()
    (message.rank, message.blockSize) = (number(&random), number(&random))
    message.matchedTokens = number(&random)
    message.tiers = tiers(&random)
    message.trust = TrustCode(rawValue: UInt32.random(in: 0...9, using: &random))
    message.reason = text(&random)
    return message
  }

  static func watchEvent(_ random: inout SplitMix64) -> WatchEventMessage {
    var message = WatchEventMessage()
    (message.endpoint, message.address) = (text(&random), text(&random))
    (message.model, message.reason) = (text(&random), text(&random))
    message.kind = WatchEventMessage.Kind(rawValue: UInt32.random(in: 0...6, using: &random))
    message.trust = TrustCode(rawValue: UInt32.random(in: 0...9, using: &random))
    (message.rank, message.blockSize) = (number(&random), number(&random))
    message.incarnation = number(&random)
    return message
  }

  /// A few bytes changed, removed, doubled or put in.
  static func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard let place = bytes.indices.randomElement(using: &random) else { break }
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes.remove(at: place)
      default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      }
    }
    return bytes
  }
}
