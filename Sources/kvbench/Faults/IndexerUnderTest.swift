import Glibc
import KVIndexer
import Service
import Tokenize

/// An indexer of a run: in this process, or one that can be killed.
final class IndexerUnderTest {
  /// Snapshots are written more often than anybody would want in earnest.
  private static let snapshotInterval = "100ms"
  /// Nobody keeps a secret here; siblings have to agree on it.
  private static let hashKey = "the key of all indexers of a run"

  private let setup: Fault.Setup
  private let directory: TemporaryDirectory
  /// The executable, where it is to be a process of its own.
  private let program: String?
  private(set) var service: IndexerService?
  private var process: ChildProcess?
  private var client: HTTPClient
  private let socket: String
  private let endpointsFile: String

  /// Prepares it; `start()` starts it, when there is an endpoints file.
  ///
  /// - Parameter name: One of its own for each indexer of a run.
  init(
    _ setup: Fault.Setup, named name: String = "api", program: String? = nil,
    in directory: TemporaryDirectory
  ) throws {
    self.setup = setup
    self.directory = directory
    self.program = program
    socket = directory.path(of: name)
    endpointsFile = directory.path(of: "endpoints.yaml")
    client = try HTTPClient(.unix(path: socket))
  }

  /// Where it answers.
  var address: String { "unix:\(socket)" }

  /// The endpoints file becomes another one, as an operator would replace it.
  func rewrite(_ endpoints: [UInt8]) throws {
    let fresh = try directory.write(endpoints, to: "endpoints.new")
    guard rename(fresh, endpointsFile) == 0 else { throw SystemError("replace \(endpointsFile)") }
  }

  /// Starts it; it answers when this returns.
  ///
  /// - Parameter peer: The address of a sibling that a process begins from, without a state of its
  ///   own.
  func start(from peer: String? = nil) throws {
    if let program { try startProcess(program, peer) } else { try startService() }
  }

  private func startProcess(_ program: String, _ peer: String?) throws {
    let keyFile = try directory.write(Array(Self.hashKey.utf8), to: "hash-key")
    let origin =
      peer.map { ["--peer", $0] }
      ?? ["--state-dir", stateDirectory, "--snapshot-interval", Self.snapshotInterval]
    let process = try ChildProcess(
      program,
      [
        "serve", "--endpoints", endpointsFile, "--listen", address, "--grpc-listen", "none",
        "--render-url", "off", "--no-engine-metrics", "--hash-key-file", keyFile,
      ] + origin, outputFile: directory.path(of: "log"))
    self.process = process
    try process.wait(for: "it answered") { try score([1]) != nil }
  }

  /// Ends the process at once, as the kernel does when memory runs out.
  func kill() {
    process?.kill()
    process = nil
  }

  private var stateDirectory: String { "\(directory.path)/state" }
  /// Where the process keeps what the next one begins with.
  private var snapshotFile: String { stateDirectory + "/snapshot" }

  /// Waits until a snapshot was begun and ended after now.
  func waitForSnapshot() throws {
    for _ in 0..<2 {
      let before = try modified()
      guard let process else { return }
      try process.wait(for: "it wrote a snapshot") { try modified() != before }
    }
  }

  /// The time of the last snapshot, nil when there is none.
  private func modified() throws -> Int? {
    var status = stat()
    guard stat(snapshotFile, &status) == 0 else {
      guard errno == ENOENT else { throw SystemError("look at \(snapshotFile)") }
      return nil
    }
    return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
  }

  /// Puts something else in place of the snapshot.
  func damageSnapshot(_ change: ([UInt8]) -> [UInt8]) throws {
    let bytes = try FileBytes.read(snapshotFile, atMost: 64 << 20)
    try FileBytes.write(change(bytes), to: snapshotFile)
  }

  private func startService() throws {
    var configuration = ServiceConfiguration()
    configuration.endpointsFile = endpointsFile
    configuration.hashKey = Self.hashKey
    configuration.listen = [.unix(path: socket)]
    configuration.grpcListen = []
    configuration.rendering = nil
    configuration.log = Log(minimum: .error) { _ in }
    configuration.queue = setup.queue
    if let bytes = setup.memoryBudget { configuration.memoryBudget = bytes }
    if setup.engine.hasMetrics {
      configuration.engineMetrics = .inspection
      configuration.engineMetrics?.interval = .milliseconds(50)
      configuration.trust.interval = .milliseconds(50)
      configuration.trust.silentAfter = .milliseconds(200)
      configuration.audit.patience = .seconds(1)
    }
    configuration.subscriptions.reconnectMilliseconds = 10
    configuration.subscriptions.reconnectMillisecondsMax = 50
    configuration.subscriptions.replayRetryMilliseconds = 20
    configuration.subscriptions.replayTimeoutMilliseconds = 200
    configuration.subscriptions.quietMilliseconds = 50
    service = try IndexerService(configuration)
  }

  /// Ends it, and removes what it kept.
  func stop() {
    service?.stop()
    service = nil
    process?.stop()
    process = nil
    for name in ["hash-key", "snapshot", "snapshot.new", "lock"] {
      unlink("\(stateDirectory)/\(name)")
    }
    rmdir(stateDirectory)
  }

  // MARK: Requests

  /// Does what an operator would, and insists that it worked.
  func post(_ path: String, _ body: [UInt8] = []) throws {
    try insist(client.post(path, body: body), "post to \(path)")
  }

  /// Likewise.
  func put(_ path: String, _ body: [UInt8]) throws {
    try insist(
      client.send("PUT", path, body: body, contentType: "application/json"), "put to \(path)")
  }

  /// What it would give a sibling.
  func snapshot() throws -> [UInt8] {
    try insist(client.get("/v1/snapshot"), "get a snapshot").body
  }

  /// Its metrics.
  func metrics() throws -> String { try insist(client.get("/metrics"), "get metrics").text }

  @discardableResult
  private func insist(_ reply: HTTPClient.Reply, _ what: String) throws -> HTTPClient.Reply {
    guard (200...299).contains(reply.status) else {
      throw SystemError(what, reason: "it answers \(reply.status): \(reply.text)")
    }
    return reply
  }

  /// What it says of a prompt; nil while it does not answer.
  ///
  /// - Parameter request: The name by which a delivery will be told; nil when none will.
  func score(_ tokens: [TokenID], request: String? = nil) throws -> RemoteScore? {
    var json = JSONWriter(capacity: 8 * tokens.count + 64)
    json.object { json in
      if let request { json.field("request_id", request) }
      json.field("tokens") { json in
        json.array { json in for token in tokens { json.integer(Int(token)) } }
      }
    }
    let reply: HTTPClient.Reply
    do {
      reply = try client.post("/v1/score", body: json.bytes)
    } catch {
      if program != nil { return nil }
      throw error
    }
    return try RemoteScore(parsing: insist(reply, "ask for a score").body)
  }
}
