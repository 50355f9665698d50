import Service
import Testing

@Suite struct InsecureListeningTests {
  @Test(arguments: [
    "127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost:1", "unix:/s",
  ])
  func `addresses of this machine alone need no token`(_ text: String) throws {
    let address = try #require(ListenAddress(text))
    #expect(address.isLocal)
    try InsecureListening.check([address])
  }

  @Test(arguments: [
    ":1", "0.0.0.0:1", "[::]:1", "10.0.0.7:1", "128.0.0.1:1", "[fe80::1]:1", "localhost.example:1",
    "127.example:1",
  ])
  func `addresses that others may reach are refused, with the ways out`(_ text: String) throws {
    let address = try #require(ListenAddress(text))
    let error = #expect(throws: InsecureListening.self) {
      try InsecureListening.check([.tcp(host: "127.0.0.1", port: 0), address])
    }
    #expect(error?.address == address)
    for part in ["\(address)", "--token-file", "loopback", "unix:/", "--insecure-listen"] {
      #expect(error?.description.contains(part) == true)
    }
  }
}
