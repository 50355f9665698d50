import Service
import Tokenize

/// The options that name a prompt, and the endpoints that it is about: the body of a `/v1/score` or
/// `/v1/explain`.
struct PromptOptions {
  static let usage = "TEXT | --tokens FILE | --chat FILE | --path PATH --body FILE"

  static let help = """
      TEXT                 a prompt as /v1/completions takes it
      --file FILE          the same from a file
      --tokens FILE        token ids, separated by anything that is no digit
      --chat FILE          the body of a /v1/chat/completions request, in JSON
      --path PATH          what the body of --body is sent to, for example /v1/messages
      --body FILE          any request's body; FILE - is standard input here and above
      --model NAME         the model; needed when the fleet has several
      --lora NAME          the LoRA adapter
      --cache-salt SALT    the request's cache salt
      --endpoint NAME      answer for this endpoint only; repeatable
      --top-k N            the N best endpoints, the best first
      --deadline-ms N      the time that an answer may take
    """

  private static let contentBytesMax = 64 << 20

  /// The request's body.
  let body: [UInt8]

  /// Takes all words that are left.
  init(_ arguments: inout Arguments) throws {
    let files = try ["file", "tokens", "chat", "body"].map {
      ($0, try arguments.option("--\($0)"))
    }
    let path = try arguments.option("--path")
    let names = try ["model", "lora", "cache-salt"].map { ($0, try arguments.option("--\($0)")) }
    let endpoints = try arguments.options("--endpoint")
    let numbers = [
      ("top_k", try arguments.integer("--top-k", in: 1...1_000_000)),
      ("deadline_ms", try arguments.integer("--deadline-ms", in: ScoreRequest.deadlineRange)),
    ]
    let words = try arguments.rest()
    let given = files.compactMap { name, file in file.map { (name, $0) } }
    guard given.count + words.count == 1 else {
      throw UsageError(
        message: "one prompt is needed: TEXT (in quotes), --file, --tokens, --chat, or --path and "
          + "--body")
    }
    guard (path != nil) == (given.first?.0 == "body") else {
      throw UsageError(message: "--path and --body belong together")
    }
    let content = try given.first.map { _, file in
      try FileBytes.read(file == "-" ? "/dev/stdin" : file, atMost: Self.contentBytesMax)
    }
    if let (option, file) = given.first, ["chat", "body"].contains(option), let content {
      try Self.checkJSON(content, file)
    }
    var json = JSONWriter()
    json.object { json in
      for case (let name, let value?) in names {
        json.field(name == "cache-salt" ? "cache_salt" : name, value)
      }
      for case (let name, let value?) in numbers { json.field(name, value) }
      if !endpoints.isEmpty {
        json.field("endpoints") { json in
          json.array { json in for endpoint in endpoints { json.string(endpoint) } }
        }
      }
      switch (given.first?.0, content) {
      case ("tokens", let content?): Self.write(tokens: content, &json)
      case ("file", let content?): json.field("prompt", String(decoding: content, as: UTF8.self))
      case (_, let content?):
        json.field("path", path ?? InferenceAPI.chatCompletions.path)
        json.field("body") { json in content.withUnsafeBytes { json.raw($0) } }
      default: json.field("prompt", words[0])
      }
    }
    body = json.bytes
  }

  /// What is no JSON is told by its place in the file, not in the request that is made of it.
  private static func checkJSON(_ content: [UInt8], _ file: String) throws(UsageError) {
    try content.span.withUnsafeBytes { bytes throws(UsageError) in
      do throws(JSONError) {
        var cursor = JSONCursor(bytes)
        try cursor.skipValue()
        try cursor.finish()
      } catch {
        let place = TextPosition(of: error.offset, in: bytes)
        throw UsageError(message: "\(file):\(place.line):\(place.column): \(error.message)")
      }
    }
  }

  /// Every run of digits is a token; what is too large for one is left to the service to refuse.
  private static func write(tokens text: [UInt8], _ json: inout JSONWriter) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    json.field("tokens") { json in
      json.array { json in
        for run in text.split(whereSeparator: { !digits.contains($0) }) {
          json.integer(Int(String(decoding: run, as: UTF8.self)) ?? .max)
        }
      }
    }
  }
}
