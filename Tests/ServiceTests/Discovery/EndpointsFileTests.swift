import EPPScorer
import Testing

@testable import Service

@Suite struct EndpointsFileTests {
  private func parse(_ text: String) throws(YAMLError) -> EndpointsFile {
    try EndpointsFile(parsing: Array(text.utf8), file: "e.yaml")
  }

  private func source(
    _ rank: Int, _ events: String, _ replay: String? = nil, isBound: Bool = false
  ) throws -> EventSourceConfiguration {
    EventSourceConfiguration(
      rank: rank, eventAddress: try #require(EventAddress(events)),
      replayAddress: try replay.map { try #require(EventAddress($0)) }, isBound: isBound)
  }

  @Test func `a file of llm-d is read as it is`() throws {
    let file = try parse(
      """
      endpoints:
      - name: ep1
        namespace: ns1
        address: "10.0.0.1"
        port: "8000"
        labels: {role: decode, gpu: 8}
      - name: ep2
        address: 10.0.0.2
        port: 8000
      """)
    #expect(file.warnings.isEmpty)
    #expect(
      file.endpoints[0]
        == EndpointConfiguration(
          identity: .init(namespace: "ns1", name: "ep1"),
          address: try #require(HostName("10.0.0.1")), port: 8000,
          labels: ["role": "decode", "gpu": "8"], model: nil, blockSize: nil, topic: "",
          sources: [try source(0, "tcp://10.0.0.1:5557")]))
    #expect(file.endpoints[1].identity.description == "default/ep2")
  }

  @Test func `JSON is read too`() throws {
    let file = try parse(
      #"{"endpoints": [{"name": "a", "address": "h", "port": "80", "labels": null}]}"#)
    #expect(file.endpoints.map(\.authority) == ["h:80"])
  }

  @Test func `an empty list is a good file`() throws {
    #expect(try parse("endpoints: []\n").endpoints.isEmpty)
  }

  @Test func `kvEvents describe a source for every rank`() throws {
    let file = try parse(
      """
      endpoints:
      - address: 10.0.0.1
        port: 8000
        model: tiny
        kvEvents:
          endpoint: tcp://node-1:6000
          replayEndpoint: tcp://node-1:7000
          ranks: 2
          blockSize: 16
          topic: kv@
      - {name: bound, address: 10.0.0.1, port: 8001, kvEvents: {endpoint: "tcp://*:5600"}}
      - {name: none, address: 10.0.0.1, port: 8002, kvEvents: {ranks: 0}}
      - name: ipc
        address: 10.0.0.1
        port: 8003
        kvEvents: {endpoint: "ipc:///run/kv", bind: true, replayEndpoint: null}
      """)
    let first = file.endpoints[0]
    #expect(first.name == "10.0.0.1:8000")
    #expect(first.model == "tiny")
    #expect(first.blockSize == 16)
    #expect(first.topic == "kv@")
    #expect(
      first.sources == [
        try source(0, "tcp://node-1:6000", "tcp://node-1:7000"),
        try source(1, "tcp://node-1:6001", "tcp://node-1:7001"),
      ])
    #expect(file.endpoints[1].sources == [try source(0, "tcp://*:5600", isBound: true)])
    #expect(file.endpoints[2].sources.isEmpty)
    #expect(file.endpoints[3].sources == [try source(0, "ipc:///run/kv", isBound: true)])
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1:80", "tcp://10.0.0.1:5557"),
    ("::1", "[::1]:80", "tcp://[::1]:5557"), ("[::1]", "[::1]:80", "tcp://[::1]:5557"),
    ("2001:DB8:0::1", "[2001:db8::1]:80", "tcp://[2001:db8::1]:5557"),
    ("Node-7.Cluster_a.local", "node-7.cluster_a.local:80", "tcp://node-7.cluster_a.local:5557"),
  ]) func `addresses are IPv4, IPv6 or host names`(
    _ address: String, _ authority: String, _ events: String
  ) throws {
    let endpoint = try parse("endpoints: [{address: '\(address)', port: 80}]").endpoints[0]
    #expect(endpoint.authority == authority)
    #expect(endpoint.name == authority)
    #expect(endpoint.sources.map(\.eventAddress.description) == [events])
  }

  @Test func `fields that are not ours are ignored with a warning each`() throws {
    let file = try parse(
      """
      version: 1
      endpoints:
      - {address: a, port: 80, prot: 81, weight: 2}
      """)
    #expect(
      file.warnings.map(\.description) == [
        "e.yaml:1:1: version: the unknown field is ignored",
        "e.yaml:3:26: endpoints[0].prot: the unknown field is ignored; did you mean 'port'?",
        "e.yaml:3:36: endpoints[0].weight: the unknown field is ignored",
      ])
    #expect(file.endpoints.count == 1)
  }

  @Test(arguments: [
    ("{}", "1:1: the field 'endpoints' is missing"),
    ("", "1:1: expected a mapping, not null"),
    ("endpoints:", "1:1: the field 'endpoints' is missing"),
    ("endpoint: []", "1:1: the field 'endpoints' is missing; is it the 'endpoint' of line 1?"),
    ("endpoints: {}", "1:12: endpoints: expected a list, not a mapping"),
    ("endpoints: [x]", "1:13: endpoints[0]: expected a mapping, not 'x'"),
    ("endpoints: [{port: 1}]", "1:13: endpoints[0]: the field 'address' is missing"),
    ("endpoints: [{address: a}]", "1:13: endpoints[0]: the field 'port' is missing"),
    (
      "endpoints: [{address: 10.0.0.256, port: 1}]",
      "1:23: endpoints[0].address: expected an IPv4 or IPv6 address or a host name, "
        + "not '10.0.0.256'"
    ),
    (
      "endpoints: [{address: a, port: 65536}]",
      "1:32: endpoints[0].port: expected a port from 1 to 65535, not '65536'"
    ),
    (
      "endpoints: [{address: a, port: http}]",
      "1:32: endpoints[0].port: expected a port from 1 to 65535, not 'http'"
    ),
    (
      "endpoints: [{address: a, port: [1]}]",
      "1:32: endpoints[0].port: expected a string, not a list"
    ),
    (
      "endpoints: [{address: a, port: 1, labels: {k: [v]}}]",
      "1:47: endpoints[0].labels.k: expected a string, not a list"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {rank: 2}}]",
      "1:46: endpoints[0].kvEvents.rank: unknown field; did you mean 'ranks'?"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {zzz: 2}}]",
      "1:46: endpoints[0].kvEvents.zzz: unknown field; the fields are endpoint, replayEndpoint, "
        + "ranks, bind, blockSize, bytesPerToken, topic, duplicates"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {endpoint: 'a:5557'}}]",
      "1:56: endpoints[0].kvEvents.endpoint: expected tcp://HOST:PORT or ipc://PATH, not 'a:5557'"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {replayEndpoint: 'tcp://*:5558'}}]",
      "1:62: endpoints[0].kvEvents.replayEndpoint: a replay is asked for at one host, "
        + "and '*' is none"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {endpoint: 'tcp://*:5557', bind: false}}]",
      "1:78: endpoints[0].kvEvents.bind: the host '*' of the endpoint means that the engine "
        + "connects to us"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {ranks: 2000}}]",
      "1:53: endpoints[0].kvEvents.ranks: expected an integer from 0 to 1024, not '2000'"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {endpoint: 'tcp://a:65535', ranks: 2}}]",
      "1:80: endpoints[0].kvEvents.ranks: tcp://a:65535 has no port for rank 1"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {endpoint: 'ipc://x', ranks: 2}}]",
      "1:74: endpoints[0].kvEvents.ranks: ipc://x has no port for rank 1"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {blockSize: 0}}]",
      "1:57: endpoints[0].kvEvents.blockSize: expected an integer from 1 to 65536, not '0'"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {bytesPerToken: 0}}]",
      "1:61: endpoints[0].kvEvents.bytesPerToken: expected an integer from 1 to 1073741824, not '0'"
    ),
    (
      "endpoints:\n- {name: x, address: a, port: 1}\n- {name: x, address: b, port: 1}",
      "3:10: endpoints[1].name: line 2 has the name 'x' in the namespace 'default' already"
    ),
    (
      "endpoints:\n- {address: a, port: 1, kvEvents: {ranks: 1}}\n"
        + "- {address: A, port: 2, kvEvents: {ranks: 1}}",
      "3:35: endpoints[1].kvEvents: tcp://a:5557 is for the events of 'a:2' rank 0 and for the "
        + "events of 'a:1' rank 0; give each its own in 'kvEvents', or 'ranks: 0' to an endpoint "
        + "without events"
    ),
    (
      "endpoints: [{address: a, port: 1, metrics: {scheme: ftp}}]",
      "1:53: endpoints[0].metrics.scheme: expected http or https, not 'ftp'"
    ),
    (
      "endpoints: [{address: a, port: 1, metrics: {path: metrics}}]",
      "1:51: endpoints[0].metrics.path: expected a path such as /metrics, not 'metrics'"
    ),
    (
      "endpoints: [{address: a, port: 1, metrics: {prot: 1}}]",
      "1:45: endpoints[0].metrics.prot: unknown field; did you mean 'port'?"
    ),
    (
      "endpoints: [{address: a, port: 1, kvEvents: {ranks: 2, replayEndpoint: 'tcp://a:5558'}}]",
      "1:45: endpoints[0].kvEvents: tcp://a:5558 is for the events of 'a:1' rank 1 and for the "
        + "replays of 'a:1' rank 0; give each its own in 'kvEvents', or 'ranks: 0' to an endpoint "
        + "without events"
    ),
  ]) func `a fault is told with line and column, and rejects the file`(
    _ text: String, _ expected: String
  ) {
    let error = #expect(throws: YAMLError.self) { try parse(text) }
    #expect(error?.description == "e.yaml:" + expected)
  }

  @Test func `endpoints of one host without events of their own are loaded, with a warning`() throws
  {
    let file = try parse(
      """
      endpoints:
      - {name: ep1, address: "127.0.0.1", port: "8000"}
      - {name: ep2, address: "127.0.0.1", port: "8001"}
      - {name: ep3, address: "127.0.0.2", port: "8000"}
      - {name: ep4, address: "127.0.0.3", port: "8000"}
      - {name: ep5, address: "127.0.0.9", port: "1", kvEvents: {endpoint: "tcp://127.0.0.3:5557"}}
      """)
    #expect(file.endpoints.map(\.sources.count) == [0, 0, 1, 0, 1])
    #expect(
      file.warnings.map(\.description) == [
        "e.yaml:2:3: endpoints[0]: its KV events are not followed: tcp://127.0.0.1:5557 would be "
          + "for those of 'ep1' and of 'ep2'; give each engine a port of its own and say it here, "
          + #"such as kvEvents: {endpoint: "tcp://127.0.0.1:5558"}"#,
        "e.yaml:3:3: endpoints[1]: its KV events are not followed: tcp://127.0.0.1:5557 would be "
          + "for those of 'ep2' and of 'ep1'; give each engine a port of its own and say it here, "
          + #"such as kvEvents: {endpoint: "tcp://127.0.0.1:5558"}"#,
        "e.yaml:5:3: endpoints[3]: its KV events are not followed: tcp://127.0.0.3:5557 would be "
          + "for those of 'ep4' and of 'ep5'; give each engine a port of its own and say it here, "
          + #"such as kvEvents: {endpoint: "tcp://127.0.0.3:5558"}"#,
      ])
  }

  @Test func `a plan may say where events are that a file does not tell of`() throws {
    var defaults = KVEventsDefaults()
    defaults.port = 6000
    defaults.replayPort = 7000
    defaults.topic = "kv@"
    let text = """
      endpoints:
      - {address: a, port: 1}
      - {address: b, port: 1, kvEvents: {ranks: 2, topic: x}}
      - {address: c, port: 1, kvEvents: {endpoint: "tcp://c:1"}}
      - {address: d, port: 1, kvEvents: {ranks: 0}}
      """
    let file = try EndpointsFile(parsing: Array(text.utf8), file: "e.yaml", defaults: defaults)
    #expect(
      file.endpoints.map(\.sources) == [
        [try source(0, "tcp://a:6000", "tcp://a:7000")],
        [
          try source(0, "tcp://b:6000", "tcp://b:7000"),
          try source(1, "tcp://b:6001", "tcp://b:7001"),
        ], [try source(0, "tcp://c:1")], [],
      ])
    #expect(file.endpoints.map(\.topic) == ["kv@", "x", "kv@", "kv@"])
    var events = PrecisePrefixCacheProducer.Events()
    events.discoversEndpoints = false
    let none = "endpoints: [{address: a, port: 1}, {address: b, port: 1, kvEvents: {ranks: 0}}]"
    let unfollowed = try EndpointsFile(
      parsing: Array(none.utf8), file: "e.yaml", defaults: KVEventsDefaults(events))
    #expect(unfollowed.endpoints.map(\.sources.count) == [0, 0])
    let error = #expect(throws: YAMLError.self) {
      try EndpointsFile(
        parsing: Array("endpoints: [{address: b, port: 1, kvEvents: {ranks: 1}}]".utf8),
        file: "e.yaml", defaults: KVEventsDefaults(events))
    }
    #expect(
      error?.description == "e.yaml:1:45: endpoints[0].kvEvents: the field 'endpoint' is missing")
  }

  @Test func `metrics may be somewhere else, in a field or in labels`() throws {
    let file = try parse(
      """
      endpoints:
      - {address: a, port: 1, metrics: {scheme: https, host: m, port: 9, path: /m}}
      - {address: b, port: 1, labels: {metricsAddress: M.x, metricsPort: "9"}}
      - {address: c, port: 1, labels: {metricsPort: "9"}, metrics: {port: 8}}
      - {address: d, port: 1, labels: {metricsAddress: "a b", metricsPort: none}}
      - {address: e, port: 1, metrics: {}}
      """)
    #expect(
      file.endpoints.map(\.metrics) == [
        MetricsAddress(scheme: "https", host: HostName("m"), port: 9, path: "/m"),
        MetricsAddress(host: HostName("m.x"), port: 9), MetricsAddress(port: 8), nil, nil,
      ])
    #expect(
      file.warnings.map(\.description) == [
        "e.yaml:5:50: endpoints[3].labels.metricsAddress: the label is ignored: 'a b' is no host",
        "e.yaml:5:70: endpoints[3].labels.metricsPort: the label is ignored: 'none' is no port",
      ])
  }

  @Test func `faults of several files name each its own`() {
    func file(_ name: String, _ text: String) -> (file: String, bytes: [UInt8]) {
      (file: name, bytes: Array(text.utf8))
    }
    let files = [
      file("1.yaml", "endpoints: [{name: a, address: a, port: 1}]"),
      file("2.yaml", "endpoints: [{name: a, address: b, port: 1}, {address: c}]"),
      file("3.yaml", "["),
    ]
    let error = #expect(throws: YAMLError.self) {
      try EndpointsFile(parsing: files, defaults: KVEventsDefaults())
    }
    #expect(
      error?.faults.map(\.description).sorted() == [
        "2.yaml:1:20: endpoints[0].name: 1.yaml line 1 has the name 'a' in the namespace "
          + "'default' already",
        "2.yaml:1:45: endpoints[1]: the field 'port' is missing",
        "3.yaml:2:1: did not find expected node content (while parsing a flow node)",
      ])
  }

  @Test func `a file of more than a mebibyte is refused`() throws {
    let text = "endpoints: []\n#" + String(repeating: "x", count: 1 << 20)
    let error = #expect(throws: YAMLError.self) { try parse(text) }
    #expect(error?.description == "e.yaml: 1048591 bytes are more than the 1048576 allowed")
  }

  @Test func `one name may stand in two namespaces`() throws {
    let file = try parse(
      """
      endpoints:
      - {name: x, address: a, port: 1}
      - {name: x, namespace: other, address: b, port: 1}
      """)
    #expect(file.endpoints.count == 2)
  }

  @Test func `all faults are told at once`() {
    let error = #expect(throws: YAMLError.self) {
      try parse(
        """
        endpoints:
        - {name: x, address: a b, port: 0, kvEvents: {topics: a}}
        - {name: y, port: 80}
        - {name: z, address: c, port: 80}
        - {name: z, address: d, port: 80}
        """)
    }
    #expect(
      error?.faults.map { "\($0.mark?.line ?? 0): \($0.path)" } == [
        "2: endpoints[0].address", "2: endpoints[0].port", "2: endpoints[0].kvEvents.topics",
        "3: endpoints[1]", "5: endpoints[3].name",
      ])
  }
}
