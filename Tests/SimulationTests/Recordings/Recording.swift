import Foundation

@testable import Simulation

/// A recorded scenario of one real server: its requests and the batches that followed each.
struct Recording {
  let requests: [RecordedRequest]
  let batches: [RecordedBatch]

  /// Reads `fixtures/recordings/<name>`; `server` is the HTTP port when a scenario has several.
  init(_ name: String, server: Int? = nil) throws {
    let directory = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/recordings/\(name)")
    let frames = server.map { "frames-\($0).jsonl" } ?? "frames.jsonl"
    batches = try Self.lines(of: directory.appending(path: frames)).map(RecordedBatch.init(line:))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    requests = try Self.lines(of: directory.appending(path: "requests.jsonl"))
      .map { try decoder.decode(RecordedRequest.self, from: $0) }
      .filter { server == nil || $0.server == server }
  }

  /// The batches that were published between two sequence numbers of a transcript line.
  func batches(of request: RecordedRequest) -> [RecordedBatch] {
    batches.filter { batch in
      let sequence = Int(batch.sequence)
      return sequence > (request.seq.before ?? firstSequence - 1)
        && sequence <= (request.seq.after ?? firstSequence - 1)
    }
  }

  /// The transcript line with this id, which must exist.
  func request(_ id: Int) -> RecordedRequest {
    guard let request = requests.first(where: { $0.id == id }) else {
      preconditionFailure("no request \(id) in the transcript")
    }
    return request
  }

  private var firstSequence: Int { batches.first.map { Int($0.sequence) } ?? 0 }

  private static func lines(of file: URL) throws -> [Data] {
    try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { Data($0) }
  }
}

/// One line of a transcript.
struct RecordedRequest: Decodable {
  struct Body: Decodable {
    let model: String?
    let cacheSalt: String?
    let promptLogprobs: Int?
  }

  struct Range: Decodable {
    let before: Int?
    let after: Int?
  }

  struct Metrics: Decodable {
    struct Counters: Decodable {
      let queries: Int
      let hits: Int
      let preemptions: Int
    }

    let before: Counters
    let after: Counters
  }

  let id: Int
  let label: String
  let server: Int
  let path: String
  let body: Body
  let promptTokenIds: [UInt32]?
  let outputTokenIds: [UInt32]?
  let cachedTokens: Int?
  let seq: Range
  let metrics: Metrics

  /// The request that makes a simulated engine repeat this one; nil for a cache reset.
  ///
  /// Adapters are numbered as the recorded server loaded them.
  func engineRequest() throws -> EngineRequest? {
    if path == "/reset_prefix_cache" { return nil }
    guard let prompt = promptTokenIds, let output = outputTokenIds else {
      throw RecordingError.unexpectedRequest(id)
    }
    let adapters = ["sql": 1, "chat": 2]
    let adapter = body.model.flatMap { name in
      adapters[name].map { LoRAAdapter(name: name, id: $0) }
    }
    return EngineRequest(
      tokens: prompt, output: .scripted(output), adapter: adapter, cacheSalt: body.cacheSalt,
      readsCache: body.promptLogprobs == nil)
  }
}
