import Foundation
import Service
import Tokenize

/// Where a running service is: `--url` or `--socket`, with the default of `serve`.
struct ServiceLocation {
  static let help = """
      --url URL            of the service (http://127.0.0.1:9300)
      --socket PATH        its Unix socket instead
      --json               print the service's answer as it is
    """

  var server: HTTPClient.Server
  var isJSON: Bool

  init(_ arguments: inout Arguments) throws(UsageError) {
    let url = try arguments.option("--url") ?? "http://127.0.0.1:9300"
    if let socket = try arguments.option("--socket") {
      server = .unix(path: socket)
    } else {
      server = .url(url.hasSuffix("/") ? String(url.dropLast()) : url)
    }
    isJSON = arguments.flag("--json")
  }

  /// The body of the answer; an error of the service becomes an error of ours.
  func ask(_ path: String, body: [UInt8]? = nil) throws -> [UInt8] {
    var client = try HTTPClient(server)
    let reply = try body.map { try client.post(path, body: $0) } ?? client.get(path)
    guard (200..<300).contains(reply.status) else {
      let error = try? JSONDecoder().decode(ServiceError.self, from: Data(reply.body))
      throw ServiceFailure(
        description: "the service answered \(reply.status): \(error?.error.message ?? reply.text)")
    }
    return reply.body
  }

  private struct ServiceError: Decodable {
    struct Content: Decodable { var message: String }
    var error: Content
  }
}

/// An answer of the service that is an error.
struct ServiceFailure: Error, CustomStringConvertible {
  var description: String
}

/// Columns that line up; the first row is the heading.
struct TextTable {
  private var rows: [[String]]

  init(_ heading: [String]) { rows = [heading] }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let columns = rows[0].indices
    let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = columns.map { column in
        row[column] + String(repeating: " ", count: widths[column] - row[column].count)
      }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

/// `kvindexer score`: what each endpoint holds of a prompt of token ids.
enum ScoreCommand: Command {
  static let help = """
    usage: kvindexer score --tokens FILE|- [OPTIONS]

      --tokens FILE        token ids, separated by anything that is no digit; - for standard input
      --model NAME         the model; needed when the fleet has several
      --lora NAME          the LoRA adapter
      --cache-salt SALT    the request's cache salt
      --endpoint NAME      answer for this endpoint only; repeatable
    \(ServiceLocation.help)
    """

  private struct Answer: Decodable {
    struct Endpoint: Decodable {
      var endpoint: String
      var matched_tokens: Int
      var reserved_tokens: Int
      var score: Double
      var trust: String
      var reason: String?
    }
    var prompt_tokens: Int
    var endpoints: [Endpoint]
  }

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    guard let file = try arguments.option("--tokens") else {
      throw UsageError(message: "--tokens is needed")
    }
    let names = try ["model", "lora", "cache-salt"].map { ($0, try arguments.option("--\($0)")) }
    let endpoints = try arguments.options("--endpoint")
    try arguments.finish()
    let tokens = try tokens(from: file)
    var json = JSONWriter()
    json.object { json in
      for case (let name, let value?) in names {
        json.field(name == "cache-salt" ? "cache_salt" : name, value)
      }
      json.field("tokens") { json in json.array { json in tokens.forEach { json.integer($0) } } }
      if !endpoints.isEmpty {
        json.field("endpoints") { json in
          json.array { json in endpoints.forEach { json.string($0) } }
        }
      }
    }
    let body = try location.ask("/v1/score", body: json.bytes)
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
      return 0
    }
    let answer = try JSONDecoder().decode(Answer.self, from: Data(body))
    var table = TextTable(["ENDPOINT", "MATCHED", "RESERVED", "OF", "SCORE", "TRUST", ""])
    for endpoint in answer.endpoints {
      table.add([
        endpoint.endpoint, "\(endpoint.matched_tokens)", "\(endpoint.reserved_tokens)",
        "\(answer.prompt_tokens)", String(format: "%.3f", endpoint.score), endpoint.trust,
        endpoint.reason ?? "",
      ])
    }
    print(table.text)
    return 0
  }

  private static func tokens(from file: String) throws -> [Int] {
    let data =
      file == "-"
      ? FileHandle.standardInput.readDataToEndOfFile()
      : try Data(contentsOf: URL(fileURLWithPath: file))
    let tokens = data.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      .compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    guard !tokens.isEmpty else { throw UsageError(message: "\(file) holds no token ids") }
    return tokens
  }
}

/// `kvindexer endpoints`: the endpoints and how far each can be believed.
enum EndpointsCommand: Command {
  static let help = """
    usage: kvindexer endpoints [OPTIONS]

    \(ServiceLocation.help)
    """

  private struct Answer: Decodable {
    struct Endpoint: Decodable {
      var endpoint: String
      var address: String
      var model: String?
      var ranks: Int
      var blocks: Int
      var trust: String
      var reason: String?
    }
    var endpoints: [Endpoint]
  }

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    try arguments.finish()
    let body = try location.ask("/v1/endpoints")
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
      return 0
    }
    let answer = try JSONDecoder().decode(Answer.self, from: Data(body))
    var table = TextTable(["ENDPOINT", "ADDRESS", "MODEL", "RANKS", "BLOCKS", "TRUST", ""])
    for endpoint in answer.endpoints {
      table.add([
        endpoint.endpoint, endpoint.address, endpoint.model ?? "-", "\(endpoint.ranks)",
        "\(endpoint.blocks)", endpoint.trust, endpoint.reason ?? "",
      ])
    }
    print(table.text)
    return 0
  }
}

/// `kvindexer sources`: the event sources in detail.
enum SourcesCommand: Command {
  static let help = """
    usage: kvindexer sources [OPTIONS]

    \(ServiceLocation.help)
    """

  private struct Answer: Decodable {
    struct Stream: Decodable {
      var endpoint: String
      var last_sequence: Int?
      var gaps: Int
      var replays: Int
    }
    struct Counters: Decodable {
      var stored_blocks: Int
      var removed_blocks: Int
    }
    struct Source: Decodable {
      var endpoint: String
      var rank: Int
      var trust: String
      var reason: String?
      var warning: String?
      var incarnation: Int
      var block_size: Int?
      var residencies: Int
      var counters: Counters
      var stream: Stream
    }
    var sources: [Source]
  }

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    try arguments.finish()
    let body = try location.ask("/v1/sources")
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
      return 0
    }
    let answer = try JSONDecoder().decode(Answer.self, from: Data(body))
    var table = TextTable([
      "ENDPOINT", "RANK", "EVENTS", "SEQUENCE", "BLOCK", "RESIDENT", "STORED", "REMOVED", "GAPS",
      "REPLAYS", "LIFE", "TRUST", "",
    ])
    for source in answer.sources {
      table.add([
        source.endpoint, "\(source.rank)", source.stream.endpoint,
        source.stream.last_sequence.map(String.init) ?? "-",
        source.block_size.map(String.init) ?? "-", "\(source.residencies)",
        "\(source.counters.stored_blocks)", "\(source.counters.removed_blocks)",
        "\(source.stream.gaps)", "\(source.stream.replays)", "\(source.incarnation)",
        source.trust, source.reason ?? source.warning ?? "",
      ])
    }
    print(table.text)
    return 0
  }
}
