import Service
import Testing

@Suite struct BearerTokensTests {
  private static let token = "0123456789abcdef"

  @Test(arguments: [
    ("Bearer 0123456789abcdef", true), ("bearer   0123456789abcdef", true),
    ("BEARER 0123456789abcdef", true), ("Bearer second-token-of-two", true),
    ("Bearer 0123456789abcdeg", false), ("Bearer 0123456789abcde", false),
    ("Bearer 0123456789abcdef ", false), ("Bearer 0123456789abcdef0", false),
    ("Basic 0123456789abcdef", false), ("0123456789abcdef", false), ("Bearer ", false),
    ("Bearer", false), ("", false), (nil, false),
  ])
  func `a header lets in with a whole token only`(_ header: String?, _ isAllowed: Bool) throws {
    let tokens = try BearerTokens([Self.token, "second-token-of-two"])
    #expect(tokens.allows(authorizationHeader: header) == isAllowed)
  }

  @Test func `tokens that are too short, odd or missing are refused`() {
    for (tokens, reason) in [
      ([], "there are none"), (["short"], "token 1: a token has at least 16 characters"),
      ([Self.token, "with a space in it"], "token 2: a token is printable ASCII without spaces"),
    ] {
      #expect(throws: SystemError("use the tokens", reason: reason)) { try BearerTokens(tokens) }
    }
  }

  @Test func `a file of tokens is followed, and a bad one changes nothing`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/tokens"
    try directory.write("# ours\n\n  \(Self.token)  \r\nsecond-token-of-two\n", to: "tokens")
    let log = LogLines()
    let tokens = try BearerTokens(file: path, log: Log(minimum: .info, to: { log.add($0) }))
    #expect(tokens.allows(authorizationHeader: "Bearer \(Self.token)"))
    #expect(tokens.allows(authorizationHeader: "Bearer second-token-of-two"))
    #expect(!tokens.allows(authorizationHeader: "Bearer # ours"))

    try directory.write("third-token-of-three\nshort\n", to: "tokens")
    try Deadline.wait { tokens.rejected.value > 0 }
    #expect(tokens.allows(authorizationHeader: "Bearer \(Self.token)"))
    try Deadline.wait { log.all.contains { $0.contains("line 2: a token has at least 16") } }

    try directory.write("third-token-of-three\n", to: "tokens")
    try Deadline.wait { tokens.allows(authorizationHeader: "Bearer third-token-of-three") }
    #expect(!tokens.allows(authorizationHeader: "Bearer \(Self.token)"))
    tokens.stop()
  }

  @Test func `a file that is missing or empty is an error with its name`() throws {
    let directory = try TemporaryDirectory()
    let log = Log(minimum: .error)
    let missing = directory.path + "/missing"
    #expect(throws: SystemError("read \(missing)", reason: "No such file or directory")) {
      try BearerTokens(file: missing, log: log)
    }
    try directory.write("# none\n", to: "empty")
    let empty = directory.path + "/empty"
    #expect(throws: SystemError("use the tokens of \(empty)", reason: "there are none")) {
      try BearerTokens(file: empty, log: log)
    }
  }

  @Test func `a server asks for a token everywhere but at its liveness probe and its page`() throws
  {
    let tokens = try BearerTokens([Self.token])
    let server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], authorize: { tokens.allows($0) }, log: { _ in },
      handler: { $1.send(text: "in") })
    guard case .tcp(_, let port) = server.addresses[0] else { return }
    let raw = try RawConnection(port: port)
    for (path, header, status) in [
      ("/healthz", "", 200), ("/v1/score", "", 401), ("/", "", 200),
      ("/v1/stream", "Authorization: Bearer wrong\r\n", 401),
      ("/v1/score", "authorization: Bearer \(Self.token)\r\n", 200), ("/healthz/", "", 401),
    ] {
      raw.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(header)\r\n")
      #expect(raw.readSome().hasPrefix("HTTP/1.1 \(status)"))
    }
  }
}
