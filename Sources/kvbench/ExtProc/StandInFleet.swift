import Service
import Tokenize

/// Stand-ins for engines, of which each group of prompts is held by one.
final class StandInFleet {
  let engines: [StandInEngine]
  private let engineOfPort: [UInt16: Int]

  /// Opens all ports and announces what the engines hold.
  init(engines count: Int, holding sets: [SharedPrompts], renders: RenderTable) throws {
    let context = ZMQContext()
    engines = try (0..<count).map {
      try StandInEngine($0, context: context, renders: renders)
    }
    engineOfPort = Dictionary(uniqueKeysWithValues: engines.map { ($0.port, $0.number) })
    for prompts in sets {
      for (group, chain) in prompts.shared.enumerated() {
        engines[holder(ofGroup: group)].announce(chain)
      }
    }
  }

  /// The engine that holds what a group shares.
  func holder(ofGroup group: Int) -> Int { group % engines.count }

  /// The engine with a port; nil when it is nobody's.
  func engine(atPort port: UInt16) -> Int? { engineOfPort[port] }

  /// Where an engine takes requests.
  func address(of engine: Int) -> String { "127.0.0.1:\(engines[engine].port)" }

  /// The file that tells a picker of the engines.
  var endpointsFile: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("endpoints") { json in
        json.array { json in
          for engine in engines {
            json.object { json in
              json.field("name", "engine-\(engine.number)")
              json.field("address", "127.0.0.1")
              json.field("port", "\(engine.port)")
              json.field("model", SharedPrompts.model)
              json.field("kvEvents") { json in
                json.object { json in
                  json.field("endpoint", engine.publisher.endpoint)
                  json.field("replayEndpoint", engine.publisher.replayEndpoint)
                }
              }
            }
          }
        }
      }
    }
    return json.bytes
  }

  func stop() {
    for engine in engines { engine.stop() }
  }
}
