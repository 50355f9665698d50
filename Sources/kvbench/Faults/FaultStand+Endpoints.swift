import Tokenize

extension FaultStand {
  /// An endpoints file for engines where they are now.
  static func endpointsFile(_ engines: [FaultyEngine]) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("endpoints") { json in
        json.array { json in for engine in engines { write(engine, &json) } }
      }
    }
    return json.bytes
  }

  private static func write(_ engine: FaultyEngine, _ json: inout JSONWriter) {
    json.object { json in
      json.field("name", engine.name)
      json.field("address", "127.0.0.1")
      // Nobody sends requests there; it only has to be another one for each.
      json.field("port", engine.port.map { Int($0) } ?? 1 + Int(engine.name.utf8.first ?? 0))
      json.field("model", "m")
      json.field("kvEvents") { json in
        json.object { json in
          json.field("endpoint", engine.eventEndpoint)
          if let replay = engine.replayEndpoint { json.field("replayEndpoint", replay) }
          if engine.isConnecting { json.field("bind", true) }
        }
      }
    }
  }
}
