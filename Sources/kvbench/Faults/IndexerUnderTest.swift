import Glibc
import KVIndexer
import Service
import Tokenize

/// The indexer of a run: in this process, or one that can be killed.
final class IndexerUnderTest {
  private let directory: TemporaryDirectory
  private let queue: IngestQueue.Limits
  private(set) var service: IndexerService?
  private var process: ChildProcess?
  private var client: HTTPClient
  private let socket: String
  /// What it says about itself, for runs that fail.
  private let endpointsFile: String

  /// Prepares it; `start()` starts it.
  init(
    _ setup: Fault.Setup, endpoints: [UInt8], in directory: TemporaryDirectory
  ) throws {
    self.directory = directory
    queue = setup.queue
    socket = directory.path(of: "api")
    endpointsFile = try directory.write(endpoints, to: "endpoints.yaml")
    client = try HTTPClient(.unix(path: socket))
  }

  /// The endpoints file becomes another one, as an operator would replace it.
  func rewrite(_ endpoints: [UInt8]) throws {
    let fresh = try directory.write(endpoints, to: "endpoints.new")
    guard rename(fresh, endpointsFile) == 0 else { throw SystemError("replace \(endpointsFile)") }
  }

  /// Serves from this process.
  func start() throws {
    var configuration = ServiceConfiguration()
    configuration.endpointsFile = endpointsFile
    configuration.listen = [.unix(path: socket)]
    configuration.grpcListen = []
    configuration.rendering = nil
    configuration.log = Log(minimum: .error) { _ in }
    configuration.queue = queue
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
      if process != nil { return nil }
      throw error
    }
    guard reply.status == 200 else {
      throw SystemError("ask for a score", reason: "it answers \(reply.status): \(reply.text)")
    }
    return try RemoteScore(parsing: reply.body)
  }
}
