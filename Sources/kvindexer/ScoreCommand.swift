import Foundation
import Service
import Tokenize

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
      var matchedTokens: Int
      var reservedTokens: Int
      var score: Double
      var trust: String
      var reason: String?
    }
    var promptTokens: Int
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
      json.field("tokens") { json in
        json.array { json in
          for token in tokens { json.integer(token) }
        }
      }
      if !endpoints.isEmpty {
        json.field("endpoints") { json in
          json.array { json in
            for endpoint in endpoints { json.string(endpoint) }
          }
        }
      }
    }
    let body = try location.ask("/v1/score", body: json.bytes)
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
      return 0
    }
    let answer = try location.read(Answer.self, from: body)
    var table = TextTable(["ENDPOINT", "MATCHED", "RESERVED", "OF", "SCORE", "TRUST", ""])
    for endpoint in answer.endpoints {
      table.add([
        endpoint.endpoint, "\(endpoint.matchedTokens)", "\(endpoint.reservedTokens)",
        "\(answer.promptTokens)", String(format: "%.3f", endpoint.score), endpoint.trust,
        endpoint.reason ?? "",
      ])
    }
    print(table.text)
    return 0
  }

  private static func tokens(from file: String) throws -> [Int] {
    let text = try FileBytes.read(file == "-" ? "/dev/stdin" : file, atMost: 64 << 20)
    let tokens = text.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      .compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    guard !tokens.isEmpty else { throw UsageError(message: "\(file) holds no token ids") }
    return tokens
  }
}
