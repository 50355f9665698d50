import Service
import Tokenize

/// The `--endpoint` options of `serve`: key=value pairs.
enum EndpointOptions {
  /// Reads the options' endpoints by the rules of the endpoints file.
  static func endpoints(_ specs: [String]) throws -> [EndpointConfiguration] {
    var json = JSONWriter()
    let entries = try specs.map { try fields($0) }
    json.object { json in
      json.field("endpoints") { json in
        json.array { json in
          for entry in entries { write(entry, &json) }
        }
      }
    }
    return try EndpointsFile(parsing: json.bytes, file: "--endpoint").endpoints
  }

  /// Reads a spec for `PUT /v1/endpoints/{name}`.
  static func registration(
    _ spec: String, lifetimeSeconds: Int
  ) throws(UsageError) -> (name: String, body: [UInt8]) {
    let entry = try fields(spec)
    guard let name = entry["name"] else {
      throw UsageError(message: "'\(spec)' has no name to register it by")
    }
    var json = JSONWriter()
    json.object { json in
      writeFields(entry, &json)
      json.field("ttl_seconds", lifetimeSeconds)
    }
    return (name, json.bytes)
  }

  private static let plain = [
    "name": "name", "address": "address", "port": "port", "model": "model",
  ]
  private static let events = ["events": "endpoint", "replay": "replayEndpoint"]
  private static let numbers = ["ranks": "ranks", "block-size": "blockSize"]

  private static func fields(_ spec: String) throws(UsageError) -> [String: String] {
    let names = [plain, events, numbers].flatMap(\.keys).sorted()
    var fields: [String: String] = [:]
    for part in spec.split(separator: ",") {
      guard let equals = part.firstIndex(of: "=") else {
        throw UsageError(message: "--endpoint takes key=value pairs, not '\(part)'")
      }
      let name = String(part[..<equals])
      guard names.contains(name) else {
        throw UsageError(
          message: "--endpoint has no '\(name)'; it has \(names.joined(separator: ", "))")
      }
      fields[name] = String(part[part.index(after: equals)...])
    }
    return fields
  }

  private static func write(_ entry: [String: String], _ json: inout JSONWriter) {
    json.object { json in writeFields(entry, &json) }
  }

  private static func writeFields(_ entry: [String: String], _ json: inout JSONWriter) {
    for (name, value) in entry.sorted(by: { $0.key < $1.key }) {
      if let key = plain[name] { json.field(key, value) }
    }
    let hasEvents = entry.keys.contains { events[$0] != nil || numbers[$0] != nil }
    guard hasEvents else { return }
    json.field("kvEvents") { json in
      json.object { json in
        for (name, value) in entry.sorted(by: { $0.key < $1.key }) {
          if let key = events[name] { json.field(key, value) }
          guard let key = numbers[name] else { continue }
          // What is no number is left to the file's rules, which say so.
          if let number = Int(value) { json.field(key, number) } else { json.field(key, value) }
        }
      }
    }
  }
}
