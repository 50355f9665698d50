import Foundation
import Service
import Tokenize

/// `kvindexer score`: what each endpoint holds of a prompt.
enum ScoreCommand: Command {
  static let help = """
    usage: kvindexer score TEXT | --tokens FILE | --chat FILE | --path PATH --body FILE [OPTIONS]

      TEXT                 a prompt as /v1/completions takes it
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
    \(ServiceLocation.help)
    """

  private struct Answer: Decodable {
    struct Endpoint: Decodable {
      var endpoint: String
      var blockSize: Int?
      var matchedTokens: Int
      var tiers: [String: Int]
      var reservedTokens: Int
      var score: Double
      var trust: String
      var reason: String?
    }
    struct Took: Decodable {
      var render: Int
      var total: Int
    }
    var model: String
    var promptTokens: Int
    var tokensFrom: String
    var reason: String?
    var endpoints: [Endpoint]
    var tookUs: Took
  }

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let body = try request(&arguments)
    let reply = try location.ask("/v1/score", body: body)
    if location.isJSON {
      print(String(decoding: reply, as: UTF8.self))
      return 0
    }
    print(text(try location.read(Answer.self, from: reply)))
    return 0
  }

  // MARK: The question

  private static func request(_ arguments: inout Arguments) throws -> [UInt8] {
    let files = try ["tokens", "chat", "body"].map { ($0, try arguments.option("--\($0)")) }
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
        message: "one prompt is needed: TEXT (in quotes), --tokens, --chat, or --path and --body")
    }
    guard (path != nil) == (given.first?.0 == "body") else {
      throw UsageError(message: "--path and --body belong together")
    }
    let content = try given.first.map { _, file in
      try FileBytes.read(file == "-" ? "/dev/stdin" : file, atMost: 64 << 20)
    }
    if let (option, file) = given.first, option != "tokens", let content {
      try checkJSON(content, file)
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
      case ("tokens", let content?): write(tokens: content, &json)
      case (_, let content?):
        json.field("path", path ?? InferenceAPI.chatCompletions.path)
        json.field("body") { json in content.withUnsafeBytes { json.raw($0) } }
      default: json.field("prompt", words[0])
      }
    }
    return json.bytes
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

  // MARK: The answer

  private static func text(_ answer: Answer) -> String {
    let tiers = ["gpu", "cpu", "disk", "remote"].filter { tier in
      tier == "gpu" || answer.endpoints.contains { $0.tiers[tier] != nil }
    }
    var table = TextTable(
      ["ENDPOINT", "MATCHED"] + tiers.map { $0.uppercased() } + ["RESERVED", "SCORE", "TRUST", ""])
    for endpoint in answer.endpoints {
      table.add(
        [endpoint.endpoint, "\(endpoint.matchedTokens)"]
          + tiers.map { "\(endpoint.tiers[$0] ?? 0)" }
          + [
            "\(endpoint.reservedTokens)", String(format: "%.3f", endpoint.score), endpoint.trust,
            explanation(endpoint, of: answer),
          ])
    }
    return heading(answer) + "\n\n" + table.text
  }

  private static func heading(_ answer: Answer) -> String {
    let source =
      switch answer.tokensFrom {
      case "given": "as given"
      case "rendered": "rendered in \(answer.tookUs.render) us"
      case "cached": "rendered before"
      default: "an estimate"
      }
    let model = answer.model.isEmpty ? "" : "\(answer.model): "
    var heading =
      "\(model)\(answer.promptTokens) prompt tokens, \(source); \(answer.tookUs.total) us"
    if let reason = answer.reason { heading += "\n\(reason)" }
    return heading
  }

  /// Why the rest of the prompt is not there.
  private static func explanation(_ endpoint: Answer.Endpoint, of answer: Answer) -> String {
    if let reason = endpoint.reason { return reason }
    guard answer.tokensFrom != "estimated", let size = endpoint.blockSize else { return "" }
    // An engine computes at least the last token itself.
    let usable = max(answer.promptTokens - 1, 0) / size * size
    if usable == 0 { return "shorter than a block of \(size) tokens" }
    if endpoint.matchedTokens >= usable { return "all full blocks are there" }
    let next = endpoint.matchedTokens
    return "block \(next / size) (tokens \(next)-\(next + size - 1)) is not there"
  }
}
