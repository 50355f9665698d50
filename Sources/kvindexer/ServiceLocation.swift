import Foundation
import Service

/// Where a running service is, with the default of `serve`, and how it lets us in.
struct ServiceLocation {
  static let help = """
      --url URL            of the service (http://127.0.0.1:9300)
      --socket PATH        its Unix socket instead
      --token-file FILE    a file whose first token is sent, as `serve --token-file` reads it
      --ca-file FILE       the authority that signed the service's certificate, for https
      --json               print the service's answer as it is
    """

  var server: HTTPClient.Server
  var security = HTTPClient.Security()
  var isJSON: Bool

  init(_ arguments: inout Arguments) throws {
    let url = try arguments.option("--url") ?? "http://127.0.0.1:9300"
    if let socket = try arguments.option("--socket") {
      server = .unix(path: socket)
    } else if let server = HTTPClient.Server(url) {
      self.server = server
    } else {
      throw UsageError(message: "--url takes http://… or https://…, not '\(url)'")
    }
    security.authorityFile = try arguments.option("--ca-file")
    security.bearerToken = try arguments.option("--token-file").map { try TokenFile.first(in: $0) }
    isJSON = arguments.flag("--json")
  }

  /// The body of the answer; an error of the service becomes an error of ours.
  func ask(_ path: String, body: [UInt8]? = nil) throws -> [UInt8] {
    try send(body == nil ? "GET" : "POST", path, body: body)
  }

  /// Puts something at a path.
  func put(_ path: String, body: [UInt8]) throws -> [UInt8] { try send("PUT", path, body: body) }

  /// Deletes what is at a path.
  func delete(_ path: String) throws { _ = try send("DELETE", path, body: nil) }

  private func send(_ method: String, _ path: String, body: [UInt8]?) throws -> [UInt8] {
    var client = try HTTPClient(server, security: security)
    let reply = try client.send(
      method, path, body: body, contentType: body == nil ? nil : "application/json")
    guard (200..<300).contains(reply.status) else {
      // What is no error of ours, a proxy's for example, is shown as it is.
      let error = try? JSONDecoder().decode(ServiceError.self, from: Data(reply.body))
      throw ServiceFailure(
        status: reply.status,
        description: "the service answered \(reply.status): \(error?.error.message ?? reply.text)")
    }
    return reply.body
  }

  /// The answer, read into a type whose names are the API's in camel case.
  func read<Answer: Decodable>(_ type: Answer.Type, from body: [UInt8]) throws -> Answer {
    try Self.read(type, from: body)
  }

  static func read<Answer: Decodable>(_ type: Answer.Type, from body: [UInt8]) throws -> Answer {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(body))
  }

  private struct ServiceError: Decodable {
    struct Content: Decodable { var message: String }
    var error: Content
  }
}

/// An answer of the service that is an error.
struct ServiceFailure: Error, CustomStringConvertible {
  var status: Int
  var description: String

  /// Whether the same request may find another answer later.
  var isTemporary: Bool { status >= 500 || status == 429 }
}
