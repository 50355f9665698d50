/// Bodies of about the same size whose prompts are text or token ids.
struct EnvoyPayload {
  struct Size {
    var name: String
    var bytes: Int

    static let all = [
      Size(name: "2 KB", bytes: 2 << 10), Size(name: "64 KB", bytes: 64 << 10),
      Size(name: "400 KB", bytes: 400 << 10),
    ]
  }

  static let groups = 16
  static let count = 32

  let name: String
  let texts: SharedPrompts
  let tokens: SharedPrompts
  let textBodies: [NumberedBody]
  let tokenBodies: [NumberedBody]

  init(_ size: Size, seed: UInt64) {
    name = size.name
    // Four bytes a token of text, and 6.1 an id and its comma; the rest is around the prompt.
    texts = SharedPrompts(
      tokens: (size.bytes - 128) / 4, groups: Self.groups, count: Self.count, seed: seed)
    tokens = SharedPrompts(
      tokens: (size.bytes - 90) * 10 / 61, groups: Self.groups, count: Self.count, seed: seed)
    textBodies = (0..<Self.count).map(texts.textBody)
    tokenBodies = (0..<Self.count).map(tokens.tokenBody)
  }
}
