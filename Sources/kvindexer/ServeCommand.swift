import Glibc
import Service
import Tokenize

/// `kvindexer serve`: runs the indexer until SIGTERM or SIGINT.
enum ServeCommand: Command {
  static let help = """
    usage: kvindexer serve [--endpoints FILE] [--endpoint SPEC]… [OPTIONS]

      --endpoints FILE     endpoints in llm-d's YAML format, watched for changes; each entry may
                           have `model` and `kvEvents: {endpoint, replayEndpoint, ranks, bind,
                           blockSize, topic}`
      --endpoint SPEC      one endpoint, repeatable: name=vllm-0,address=10.0.0.7,port=8000,
                           events=tcp://10.0.0.7:5557,replay=tcp://10.0.0.7:5558,ranks=1,
                           model=NAME,block-size=16 (address and port are required)
      --model NAME         the model of endpoints that do not name theirs
      --listen ADDRESS     HOST:PORT or unix:/path, repeatable (127.0.0.1:9300)
      --memory-budget SIZE bytes for the index, with K, M or G (2G)
      --hash-key-file FILE a secret that keys block hashes; processes that share it agree on keys
                           (a random key)
      --log-level LEVEL    debug, info, warning or error (info)
    """

  static func run(_ arguments: Arguments) throws -> Int32 {
    let configuration = try configuration(arguments)
    let signal = StopSignal()
    let service = try IndexerService(configuration)
    for address in service.addresses { configuration.log(.info, "listening on \(address)") }
    signal.wait()
    configuration.log(.info, "stopping")
    service.stop()
    return 0
  }

  private static func configuration(_ given: Arguments) throws -> ServiceConfiguration {
    var arguments = given
    var configuration = ServiceConfiguration()
    configuration.endpointsFile = try arguments.option("--endpoints")
    let specs = try arguments.options("--endpoint")
    if let model = try arguments.option("--model") { configuration.model = model }
    let listen = try arguments.options("--listen")
    let budget = try arguments.option("--memory-budget")
    let keyFile = try arguments.option("--hash-key-file")
    let level = try arguments.option("--log-level")
    try arguments.finish()
    guard configuration.endpointsFile != nil || !specs.isEmpty else {
      throw UsageError(message: "--endpoints FILE or --endpoint SPEC is needed")
    }
    if !specs.isEmpty { configuration.endpoints = try endpoints(specs) }
    if !listen.isEmpty {
      configuration.listen = try listen.map { text throws(UsageError) in
        guard let address = ListenAddress(text) else {
          throw UsageError(message: "--listen takes HOST:PORT or unix:/path, not '\(text)'")
        }
        return address
      }
    }
    if let budget { configuration.memoryBudget = try bytes(budget) }
    if let keyFile { configuration.hashKey = try key(from: keyFile) }
    if let level {
      let levels = Log.Level.allCases
      guard let minimum = levels.first(where: { "\($0)" == level }) else {
        throw UsageError(message: "--log-level takes debug, info, warning or error")
      }
      configuration.log = Log(minimum: minimum)
    }
    return configuration
  }

  /// Reads the options' endpoints by the rules of the endpoints file.
  private static func endpoints(_ specs: [String]) throws -> [EndpointConfiguration] {
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
    json.object { json in
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

  private static func bytes(_ text: String) throws(UsageError) -> Int {
    let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30]
    let shift = text.last.flatMap { shifts[$0] }
    let number = Int(shift == nil ? text[...] : text.dropLast())
    let (bytes, overflow) = (number ?? 0).multipliedReportingOverflow(by: 1 << (shift ?? 0))
    guard !overflow, (16 << 20...1 << 40).contains(bytes) else {
      throw UsageError(message: "--memory-budget takes 16M to 1024G, not '\(text)'")
    }
    return bytes
  }

  private static func key(from file: String) throws -> String {
    let bytes = try FileBytes.read(file, atMost: 4096)
    let key =
      String(decoding: bytes, as: UTF8.self)
      .split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    guard key.utf8.count >= 16 else {
      throw UsageError(message: "\(file): the first line must have at least 16 characters")
    }
    return key
  }
}
