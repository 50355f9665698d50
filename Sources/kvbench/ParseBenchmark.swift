import Simulation
import Tokenize

/// Request bodies: one pass with the render key, and the estimate of a prompt's blocks.
enum ParseBenchmark {
  private static let seed = RenderKeySeed(deterministic: 1)

  static func run(_ scale: Scale, _ report: inout Report) throws {
    report.begin("parse", "one body over and over, seed \(scale.seed)")
    var random = SplitMix64(seed: scale.seed)
    for (name, bytes) in [("2 KB", 2 << 10), ("64 KB", 64 << 10), ("1 MB", 1 << 20)] {
      guard scale.wants("\(name) chat") else { continue }
      try runChat("\(name) chat", chat(bytes: bytes, &random), scale, &report)
    }
    for count in [8192, 131_072] where scale.wants("\(count) token ids") {
      try runTokens("\(count) token ids", count, scale, &report, &random)
    }
  }

  private static func runChat(
    _ name: String, _ body: [UInt8], _ scale: Scale, _ report: inout Report
  ) throws {
    let request = try InferenceRequest(.chatCompletions, parsing: body, keyedBy: seed)
    report.check(request.prompt == .conversation && !request.hasMedia, "a chat is misread")
    var checksum = Checksum()
    checksum.add(Int(truncatingIfNeeded: request.renderKey?.low ?? 0))
    time("\(name), parsed and keyed", body, checksum, scale, &report) {
      (try? InferenceRequest(.chatCompletions, parsing: body, keyedBy: seed))?.renderKey
        == request.renderKey
    }
    let estimator = PromptEstimator(blockTokens: 64, seed: 1)
    let prompts = try estimator.prompts(of: request, body: body)
    checksum = Checksum()
    for block in prompts.flatMap(\.blocks) {
      checksum.add(Int(truncatingIfNeeded: block.bits))
    }
    time("\(name), blocks of 64 tokens estimated", body, checksum, scale, &report) {
      (try? estimator.prompts(of: request, body: body)) == prompts
    }
  }

  private static func runTokens(
    _ name: String, _ count: Int, _ scale: Scale, _ report: inout Report,
    _ random: inout SplitMix64
  ) throws {
    let tokens = (0..<count).map { _ in UInt32(random.below(150_000)) }
    let list = tokens.map(String.init).joined(separator: ", ")
    let body = Array(#"{"model": "tiny", "prompt": [\#(list)], "max_tokens": 64}"#.utf8)
    let request = try InferenceRequest(.completions, parsing: body, keyedBy: seed)
    report.check(request.prompt == .tokens([tokens]), "token ids are misread")
    var checksum = Checksum()
    for token in tokens { checksum.add(Int(token)) }
    time("\(name), parsed", body, checksum, scale, &report) {
      (try? InferenceRequest(.completions, parsing: body, keyedBy: seed))?.maxTokens == 64
    }
  }

  /// Times `operation`, which returns whether its answer was right.
  private static func time(
    _ name: String, _ body: [UInt8], _ checksum: Checksum, _ scale: Scale,
    _ report: inout Report, _ operation: () -> Bool
  ) {
    let operations = max((1 << 18) / body.count, 1)
    var wrong = 0
    let samples = Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(200, smoke: 3), operations: operations
    ) { _ in
      for _ in 0..<operations where !operation() { wrong += 1 }
    }
    report.check(wrong == 0, "\(name): \(wrong) answers differ")
    report.row(
      "\(name) (\(body.count) bytes)", samples, unit: "µs", scale: 1000, checksum: checksum)
    report.row("\(name), speed", Double(body.count) / samples.median, unit: "GB/s")
  }

  /// A conversation of about `bytes` bytes, a tenth of whose characters are written as escapes or
  /// in more than one byte.
  private static func chat(bytes: Int, _ random: inout SplitMix64) -> [UInt8] {
    let words = ["the", "cache", "of", "an", "engine", "keeps", "prefixes", "naïve", "blocks,"]
    var writer = JSONWriter(capacity: bytes + 1024)
    writer.object { writer in
      writer.field("model", "tiny")
      writer.field("messages") { writer in
        writer.array { writer in
          var turn = 0
          while writer.bytes.count < bytes - 512 {
            var text = ""
            for _ in 0..<100 where writer.bytes.count + text.utf8.count < bytes - 128 {
              text += words[random.below(words.count)] + (random.below(12) == 0 ? "\n" : " ")
            }
            writer.object { writer in
              writer.field("role", turn == 0 ? "system" : turn % 2 == 1 ? "user" : "assistant")
              writer.field("content", text)
            }
            turn += 1
          }
        }
      }
      writer.field("temperature", 0.7)
      writer.field("max_tokens", 256)
      writer.field("stream", true)
    }
    return writer.bytes
  }
}
