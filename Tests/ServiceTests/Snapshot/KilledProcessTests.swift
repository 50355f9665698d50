import Glibc
import Service
import Testing

/// A process of the product that is killed as the kernel kills.
@Suite(.serialized) struct KilledProcessTests {
  private final class Indexer {
    private let process: ChildProcess
    private var client: HTTPClient

    /// Starts `kvindexer serve`, which is built beside the tests.
    init(_ directory: TemporaryDirectory, _ entry: String) throws {
      let own = try #require(realpath("/proc/self/exe", nil))
      defer { free(own) }
      let program = KilledProcessTests.built(beside: String(cString: own))
      let socket = directory.path + "/api"
      unlink(socket)
      try directory.write("endpoints:\n" + entry, to: "endpoints.yaml")
      process = try ChildProcess(
        program,
        [
          "serve", "--endpoints", directory.path + "/endpoints.yaml", "--listen", "unix:\(socket)",
          "--grpc-listen", "none", "--render-url", "off", "--no-engine-metrics", "--state-dir",
          directory.path + "/state", "--snapshot-interval", "1h",
        ], outputFile: directory.path + "/log")
      client = try HTTPClient(.unix(path: socket))
    }

    func kill() { process.kill() }

    /// The tokens that are matched exactly; nil where nothing is exact, or nobody answers yet.
    func match(_ prompt: Int) throws -> Int? {
      guard process.isRunning else { throw SystemError("ask it", reason: process.lastWords) }
      let body = Array(#"{"tokens": \#(PublishedEngine.tokens(prompt) + [0])}"#.utf8)
      guard let reply = try? client.post("/v1/score", body: body) else { return nil }
      let endpoint = try ServiceHarness.answer(reply).json["endpoints"]?.array?.first
      return endpoint?["trust"]?.string == "exact" ? endpoint?["matched_tokens"]?.integer : nil
    }

    func post(_ path: String) throws -> Int { try client.post(path, body: []).status }
  }

  private static func built(beside executable: String) -> String {
    executable.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/kvindexer"
  }

  @Test(arguments: ["clear", "incarnation"])
  func `what was declared void stays so when the process is killed after its answer`(
    change: String
  ) throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    let first = try Indexer(directory, engine.entry("a"))
    try Deadline.wait { try first.match(0) != nil }
    engine.store(0..<10)
    try Deadline.wait { try first.match(9) == 64 }
    // On disk is what it held before the second reset.
    #expect(try first.post("/v1/sources/a:0/clear") == 200)
    engine.store(10..<20)
    try Deadline.wait { try first.match(19) == 64 }
    #expect(try first.post("/v1/sources/a:0/\(change)") == 200)
    first.kill()
    engine.store(20..<21)
    let second = try Indexer(directory, engine.entry("a"))
    try Deadline.wait { try second.match(20) == 64 }
    for prompt in 0..<20 { #expect(try second.match(prompt) == 0) }
    second.kill()
    withExtendedLifetime(directory) {}
  }
}
