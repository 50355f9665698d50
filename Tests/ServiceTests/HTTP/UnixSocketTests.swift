import CLinux
import Foundation
import Service
import Testing

@Suite struct UnixSocketTests {
  private func start(_ path: String, mode: UInt32 = 0o600) throws -> HTTPServer {
    try start([.unix(path: path, mode: mode)])
  }

  private func start(_ addresses: [ListenAddress]) throws -> HTTPServer {
    try HTTPServer(
      addresses, log: { _ in },
      handler: { $1.send(HTTPResponse(contentType: "text/plain", body: Array("ok".utf8))) })
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test(arguments: [0o600, 0o660, 0o666] as [UInt32])
  func `a Unix socket has the mode asked for and goes with the server`(_ mode: UInt32) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    let server = try start(path, mode: mode)
    #expect(try self.mode(path) == Int(mode))
    var client = try HTTPClient(.unix(path: path))
    #expect(try client.get("/").text == "ok")
    server.stop(waitingAtMost: .seconds(5))
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `the socket of a killed server is replaced, a living one's and a file are not`() throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafeBytes(of: name) { bytes in
      bind(stale, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
    #expect(bound == 0)
    close(stale)

    let server = try start(path)
    #expect(throws: SystemError("listen on unix:\(path)", reason: "Address already in use")) {
      try start(path)
    }
    server.stop(waitingAtMost: .seconds(5))
    try directory.write("precious", to: "s")
    #expect(
      throws: SystemError("listen on unix:\(path)", reason: "the path exists and is not a socket")
    ) { try start(path) }
  }

  @Test func `a path that is too long is an error`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/" + String(repeating: "x", count: 120)
    #expect(throws: SystemError("listen on unix:\(path)", reason: "File name too long")) {
      try start(path)
    }
  }

  @Test func `one server listens on several addresses, all or none`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    let server = try start([.tcp(host: "127.0.0.1", port: 0), .unix(path: path)])
    #expect(throws: SystemError.self) {
      try start([.unix(path: path + "2"), server.addresses[0]])
    }
    #expect(!FileManager.default.fileExists(atPath: path + "2"))
    var client = try HTTPClient(.unix(path: path))
    #expect(try client.get("/").status == 200)
  }
}
