import Service
import Testing

@Suite struct HostNameTests {
  @Test(arguments: [
    "", "a b", "-a", "a-", "a..b", "a.", "1", "1.2.3", "01.2.3.4", "[1.2.3.4]", "[::1", "::g",
    "fe80::1%eth0", "ä.de", "a/b", "*", String(repeating: "a", count: 64),
  ]) func `what is no host is refused`(_ text: String) {
    #expect(HostName(text) == nil)
  }

  @Test(arguments: [
    ("tcp://*:5557", "tcp://*:5557"), ("tcp://[::1]:1", "tcp://[::1]:1"),
    ("ipc:///x", "ipc:///x"), ("tcp://A.b:65535", "tcp://a.b:65535"), ("tcp://::1:80", nil),
    ("tcp://a", nil), ("tcp://a:0", nil), ("tcp://a:+1", nil), ("tcp://:80", nil), ("ipc://", nil),
    ("udp://a:1", nil), ("a:1", nil), ("", nil),
  ]) func `event addresses are read as they are printed`(_ text: String, _ expected: String?) {
    #expect(EventAddress(text)?.description == expected)
  }
}
