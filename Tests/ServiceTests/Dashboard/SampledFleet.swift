import KVIndexer
import Testing

@testable import Service

/// Samples of a fleet that does what a test says.
struct SampledFleet {
  let members: [FleetMembership.Member]
  private static let histogram = Histogram(bounds: Histogram.latencySeconds)

  init(_ count: Int) throws {
    let host = try #require(HostName("127.0.0.1"))
    let events = try #require(EventAddress("tcp://127.0.0.1:5557"))
    members = (0..<count).map { number in
      let identity = EndpointConfiguration.Identity(
        namespace: "default", name: "engine-\(number)")
      let source = EventSourceConfiguration(
        rank: 0, eventAddress: events, replayAddress: nil, isBound: false)
      let configuration = EndpointConfiguration(
        identity: identity, address: host, port: 30_000,
        labels: [:], model: "org/a-model-with-a-name", blockSize: 16, topic: "",
        sources: [source])
      return FleetMembership.Member(
        name: identity.name, configuration: configuration, model: "org/a-model-with-a-name",
        sources: [.init(id: SourceID(number), configuration: source, failure: nil)])
    }
  }

  /// The fleet after some seconds in which each endpoint stored `blocks` a second.
  func sample(
    second: Int, blocks: Int = 0, trust: Trust = .exact, traffic: ShadowFigures? = nil
  ) -> FleetSample {
    FleetSample(
      at: UInt64(second) * 1_000_000_000, time: 1_000_000 + Double(second),
      endpoints: members.map { member in
        var endpoint = FleetSample.Endpoint(member: member)
        endpoint.trust = trust
        endpoint.reason = trust.reason
        endpoint.blockSize = 16
        endpoint.blocks[0] = 100_000
        endpoint.blocks[1] = 250_000
        endpoint.storedBlocks = second * blocks
        endpoint.events = second * blocks
        endpoint.indexBytes = 12_345_678
        endpoint.lastMessageAt = UInt64(second) * 1_000_000_000
        endpoint.engine = EngineSnapshot()
        endpoint.engine?.report.blockCount = 120_001
        endpoint.engine?.report.runningRequests = 256
        endpoint.engine?.report.waitingRequests = 1_000
        endpoint.traffic = traffic
        return endpoint
      },
      eventLag: Self.histogram.snapshot(), applyLatency: Self.histogram.snapshot(),
      traffic: traffic ?? ShadowFigures())
  }
}
