import Foundation
import Service
import Testing

/// nghttp2's own load generator as the client.
@Suite struct GRPCLoadTests {
  @Test(arguments: ["Echo", "Bidi"])
  func `h2load's calls all succeed`(_ method: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write("\0\0\0\0\u{5}hello", to: "message")
    let service = TestService()
    var limits = GRPCLimits()
    limits.threads = 2
    let server = try GRPCServer(
      [.tcp(host: "127.0.0.1", port: 0)], router: service.makeRouter(service.makeHealth()),
      limits: limits)
    let report = try Subprocess.run(
      "/usr/bin/h2load",
      [
        "-n", "4000", "-c", "4", "-m", "32", "-d", directory.path + "/message",
        "-H", "content-type: application/grpc", "-H", "te: trailers",
        "http://\(server.addresses[0])/test.Test/\(method)",
      ])
    #expect(report.contains("4000 succeeded, 0 failed"), "\(report)")
    server.stop(waitingAtMost: .seconds(10))
    #expect(server.metrics.callsFinished[.ok].value == 4000)
    #expect(server.metrics.messagesSent.value == 4000)
  }
}
