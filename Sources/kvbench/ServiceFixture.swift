import KVIndexer
import Service
import Tokenize

/// Engines' publishers, and an indexer service that follows them, in this process.
final class ServiceFixture {
  private static let deadlineSeconds: UInt64 = 60

  let service: IndexerService
  let publishers: [EventPublisher]

  /// Publishes `history`, each message on behalf of a source, and starts a service that replays it.
  init(
    endpoints: Int, listen: [ListenAddress], grpcListen: [ListenAddress] = [],
    history: [(source: Int, bytes: [UInt8])]
  ) throws {
    let context = ZMQContext()
    publishers = try (0..<endpoints).map { _ in
      try EventPublisher(
        EventPublisher.Settings(
          endpoint: "tcp://127.0.0.1:*", replayEndpoint: "tcp://127.0.0.1:*"), context: context)
    }
    for message in history { publishers[message.source].publish(message.bytes) }
    for publisher in publishers { publisher.flush() }
    var configuration = ServiceConfiguration()
    configuration.listen = listen
    configuration.grpcListen = grpcListen
    configuration.rendering = nil
    configuration.log = Log(minimum: .error)
    configuration.endpoints = try EndpointsFile(
      parsing: Self.endpointsFile(publishers), file: "kvbench"
    ).endpoints
    service = try IndexerService(configuration)
  }

  private static func endpointsFile(_ publishers: [EventPublisher]) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("endpoints") { json in
        json.array { json in
          for (number, publisher) in publishers.enumerated() {
            json.object { json in
              json.field("name", LoadedFleet.name(number))
              json.field("address", "127.0.0.1")
              json.field("port", 10_000 + number)
              json.field("model", LoadedFleet.model)
              json.field("kvEvents") { json in
                json.object { json in
                  json.field("endpoint", publisher.endpoint)
                  json.field("replayEndpoint", publisher.replayEndpoint)
                }
              }
            }
          }
        }
      }
    }
    return json.bytes
  }

  /// Looks at the index until `condition` holds; false when it takes too long.
  func wait(until condition: (borrowing FleetIndex) -> Bool) -> Bool {
    let deadline = MonotonicClock.nowNanoseconds() + Self.deadlineSeconds * 1_000_000_000
    while !service.fleet.read(condition) {
      guard MonotonicClock.nowNanoseconds() < deadline else { return false }
      Pause.microseconds(500)
    }
    return true
  }

  /// Whether every source has been followed from its beginning.
  static func isExact(_ fleet: borrowing FleetIndex) -> Bool {
    for source in fleet.sourceIDs where fleet.trust(of: source) != .exact { return false }
    return true
  }

  func stop() {
    service.stop()
    for publisher in publishers { publisher.stop() }
  }
}
