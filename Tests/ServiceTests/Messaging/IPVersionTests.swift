import Testing

@testable import Service

@Suite struct IPVersionTests {
  @Test(arguments: [
    ("tcp://127.0.0.1:5557", IPVersion.four), ("tcp://[::1]:5557", .six),
    ("tcp://both:5557", .four), ("tcp://only-six:5557", .six), ("ipc:///run/kv", .six),
    ("tcp://127.0.0.1:*", .six),
  ])
  func `a name with an IPv4 address is connected to over IPv4`(
    endpoint: String, expected: IPVersion
  ) {
    #expect(IPVersion(of: endpoint) { $0 == "both" } == expected)
  }

  @Test func `names are looked up`() {
    #expect(IPVersion.hasIPv4Address("localhost"))
    #expect(!IPVersion.hasIPv4Address("nothing.invalid"))
  }
}
