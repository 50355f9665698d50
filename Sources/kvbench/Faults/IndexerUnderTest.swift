import Glibc
import KVIndexer
import Service
import Tokenize

/// The indexer of a run: in this process, or one that can be killed.
final class IndexerUnderTest {
  /// Snapshots are written more often than anybody would want in earnest.
  private static let snapshotInterval = "100ms"

  private let directory: TemporaryDirectory
  private let queue: IngestQueue.Limits
  private let readsMetrics: Bool
  /// The executable, where it is to be a process of its own.
  private let program: String?
  private(set) var service: IndexerService?
  private var process: ChildProcess?
  private var client: HTTPClient
  private let socket: String
  /// What it says about itself, for runs that fail.
  private let endpointsFile: String

  /// Prepares it; `start()` starts it.
  init(
    _ setup: Fault.Setup, program: String?, endpoints: [UInt8], in directory: TemporaryDirectory
  ) throws {
    self.directory = directory
    self.program = setup.isProcess ? try ProgramPath.kvindexer(program) : nil
    queue = setup.queue
    readsMetrics = setup.engine.hasMetrics
    socket = directory.path(of: "api")
    endpointsFile = try directory.write(endpoints, to: "endpoints.yaml")
    client = try HTTPClient(.unix(path: socket))
  }

  /// The endpoints file becomes another one, as an operator would replace it.
  func rewrite(_ endpoints: [UInt8]) throws {
    let fresh = try directory.write(endpoints, to: "endpoints.new")
    guard rename(fresh, endpointsFile) == 0 else { throw SystemError("replace \(endpointsFile)") }
  }

  /// Starts it; it answers when this returns.
  func start() throws {
    if let program { try startProcess(program) } else { try startService() }
  }

  private func startProcess(_ program: String) throws {
    let process = try ChildProcess(
      program,
      [
        "serve", "--endpoints", endpointsFile, "--listen", "unix:\(socket)", "--grpc-listen",
        "none",
        "--render-url", "off", "--no-engine-metrics", "--state-dir", stateDirectory,
        "--snapshot-interval", Self.snapshotInterval,
      ], outputFile: directory.path(of: "log"))
    self.process = process
    try process.wait(for: "it answered") { try score([1]) != nil }
  }

  /// Ends the process at once, as the kernel does when memory runs out.
  func kill() {
    process?.kill()
    process = nil
  }

  private var stateDirectory: String { directory.path(of: "state") }
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
    configuration.listen = [.unix(path: socket)]
    configuration.grpcListen = []
    configuration.rendering = nil
    configuration.log = Log(minimum: .error) { _ in }
    configuration.queue = queue
    if readsMetrics {
      configuration.engineMetrics = .inspection
      configuration.audit.patience = .seconds(1)
    }
    configuration.subscriptions.reconnectMilliseconds = 10
    configuration.subscriptions.reconnectMillisecondsMax = 50
    configuration.subscriptions.replayRetryMilliseconds = 20
    configuration.subscriptions.replayTimeoutMilliseconds = 200
    configuration.subscriptions.quietMilliseconds = 50
    service = try IndexerService(configuration)
  }

  func stop() {
    service?.stop()
    service = nil
    process?.stop()
    process = nil
  }

  /// Does what an operator would, and insists that it worked.
  func post(_ path: String) throws {
    let reply = try client.post(path, body: [])
    guard (200...299).contains(reply.status) else {
      throw SystemError("post to \(path)", reason: "it answers \(reply.status): \(reply.text)")
    }
  }

  /// What it says of a prompt; nil while it does not answer.
  func score(_ tokens: [TokenID]) throws -> RemoteScore? {
    var json = JSONWriter(capacity: 8 * tokens.count + 64)
    json.object { json in
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
    guard reply.status == 200 else {
      throw SystemError("ask for a score", reason: "it answers \(reply.status): \(reply.text)")
    }
    return try RemoteScore(parsing: reply.body)
  }
}
