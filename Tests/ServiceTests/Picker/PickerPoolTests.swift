import EPPScorer
import Testing
import Tokenize

@testable import Service

/// What an endpoint keeps when it is described anew.
struct PickerPoolTests {
  private func located(port: UInt16 = 8000, labels: [String: String] = [:]) throws
    -> FleetEngines.Located
  {
    let configuration = EndpointConfiguration(
      identity: .init(namespace: "default", name: "a"), address: try #require(HostName("10.0.0.1")),
      port: port, labels: labels, topic: "", sources: [])
    let endpoint = Endpoint(
      id: EndpointID(namespace: "default", name: "a"), host: "10.0.0.1", port: port, labels: labels)
    return FleetEngines.Located(
      endpoint: endpoint,
      member: .init(name: "a", configuration: configuration, model: "", sources: []))
  }

  @Test func `what was sent to an endpoint stays counted when its labels change`() throws {
    let pool = PickerPool()
    pool.set([try located()])
    let claim = InFlightClaim(pool.endpoints[0], tokens: 7)
    pool.set([try located(labels: ["zone": "b"])])
    #expect(pool.endpoints[0].endpoint.labels == ["zone": "b"])
    #expect(pool.endpoints[0].inFlight == InFlightLoad(requests: 1, tokens: 7))
    claim.release()
    #expect(pool.endpoints[0].inFlight == InFlightLoad(requests: 0, tokens: 0))
  }

  @Test func `nothing was sent yet to where an endpoint has moved`() throws {
    let pool = PickerPool()
    pool.set([try located()])
    let claim = InFlightClaim(pool.endpoints[0], tokens: 7)
    pool.set([try located(port: 8001)])
    #expect(pool.endpoints[0].inFlight == InFlightLoad(requests: 0, tokens: 0))
    claim.release()
    #expect(pool.endpoints[0].inFlight == InFlightLoad(requests: 0, tokens: 0))
  }
}
