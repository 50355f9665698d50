import Testing

@testable import Service

/// Bytes that Python's protobuf wrote; `scripts/grpc/golden.py` prints them again.
@Suite struct GoldenMessageTests {
  private func check<Message: ProtobufMessage & Equatable>(
    _ message: Message, _ hex: String
  ) throws {
    let bytes = Hex.bytes(hex)
    #expect(try bytes.withUnsafeBytes { try Message(parsing: $0) } == message)
    #expect(message.serialized() == bytes)
  }

  @Test func `a score request`() throws {
    var message = ScoreRequestMessage()
    message.model = "tiny"
    message.tokens = [0, 1, 258, .max]
    message.prompt = ""
    message.body = ScoreRequestMessage.HTTPBody()
    message.body?.path = "/v1/completions"
    message.body?.body = Array("{}".utf8)
    message.cacheSalt = "sält"
    message.lora = "a"
    message.endpoints = ["vllm-0", "vllm-1"]
    message.topK = 3
    message.deadlineMilliseconds = 300
    message.wantsDetail = true
    message.wantsTokens = true
    try check(
      message,
      """
      0a0474696e791210000000000100000002010000ffffffff1a0022150a0f2f76312f636f6d706c6574696f6e73\
      12027b7d2a0573c3a46c743201613a06766c6c6d2d303a06766c6c6d2d31400348ac0250015801
      """)
  }

  @Test func `a score response`() throws {
    var tiers = TierTokenCounts()
    (tiers.gpu, tiers.cpu, tiers.disk, tiers.remote) = (512, 400, 90, 6)
    var rank = RankScoreMessage()
    (rank.rank, rank.blockSize, rank.matchedTokens) = (1, 16, 1008)
    (rank.tiers, rank.trust, rank.reason) = (tiers, .silent, "r")
    var best = EndpointScoreMessage()
    (best.endpoint, best.address) = ("vllm-0", "127.0.0.1:8000")
    (best.blockSize, best.matchedTokens, best.reservedTokens) = (16, 1008, 15)
    (best.tiers, best.score, best.trust, best.reason) = (tiers, 0.984375, .degraded, "gap")
    best.ranks = [rank, RankScoreMessage()]
    var dead = EndpointScoreMessage()
    (dead.endpoint, dead.score, dead.trust) = ("vllm-1", -0.0, .dead)
    var took = ScoreResponseMessage.Timings()
    (took.parse, took.render, took.hash, took.match, took.total) = (1, 2000, 3, 4, 2008)
    var message = ScoreResponseMessage()
    (message.model, message.promptTokens, message.tokensFrom) = ("tiny", 1024, .estimated)
    (message.reason, message.isPartial, message.tokens) = ("no server", true, [7])
    (message.error, message.took, message.endpoints) = ("e", took, [best, dead])
    try check(
      message,
      """
      0a0474696e79108008180422530a06766c6c6d2d30120e3132372e302e302e313a38303030181020f007288004\
      309003385a4006480f51000000000080ef3f580562036761706a160801101018f007208004289003305a380640\
      074a01726a0022130a06766c6c6d2d3151000000000000008058082a096e6f2073657276657230013a0c080110\
      d00f1803200428d80f4204070000004a0165
      """)
  }

  @Test func `a watch event`() throws {
    var message = WatchEventMessage()
    (message.endpoint, message.address, message.model) = ("vllm-0", "[::1]:8000", "tiny")
    (message.kind, message.rank, message.trust, message.reason) = (.changed, 3, .exact, "-")
    (message.blockSize, message.incarnation) = (32, .max)
    try check(
      message,
      """
      0a06766c6c6d2d30120a5b3a3a315d3a383030301a0474696e792003280330043a012d402048ffffffff0f
      """)
  }

  @Test func `pod scores`() throws {
    var request = PodScoresRequestMessage()
    (request.prompt, request.modelName, request.podIdentifiers) = ("Hello", "tiny", ["a", ""])
    try check(request, "0a0548656c6c6f120474696e791a01611a00")
    var response = PodScoresResponseMessage()
    response.scores = [PodScoresResponseMessage.PodScore(), PodScoresResponseMessage.PodScore()]
    (response.scores[0].pod, response.scores[0].score) = ("a", 3)
    response.scores[1].pod = "b"
    try check(response, "0a0c0a01611100000000000008400a030a0162")
  }

  @Test func `the numbers of statuses are gRPC's`() {
    for (number, code) in GRPCCode.allCases.enumerated() {
      #expect("\(code.decimal)" == "\(number)")
      #expect(GRPCCode(number: number) == code)
    }
    #expect(GRPCCode(number: 17) == nil)
    #expect(GRPCCode(number: -1) == nil)
  }
}
