import EPPScorer

/// What engines say of themselves, and whether they answer.
final class PickerEngines: Sendable {
  init(_ setup: PickerSetup.EngineMetricsSetup?, interval: Duration, log: Log) throws {}
  func set(_ endpoints: [PickerEndpoint]) {}
  func onCacheChange(_ body: @escaping @Sendable ([(id: EndpointID, cache: EngineCache?)]) -> Void) {}
  func isUp(_ id: EndpointID) -> Bool { true }
  func load(of id: EndpointID) -> EndpointLoad { EndpointLoad() }
  func noteInFlight(_ id: EndpointID, _ count: Int) {}
  func noteFailure(_ id: EndpointID, _ cause: String) {}
  func add(to text: inout MetricsText) {}
  func stop() {}
}
