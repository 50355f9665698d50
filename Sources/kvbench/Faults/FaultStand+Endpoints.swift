import Service
import Tokenize

extension FaultStand {
  /// An engine as an operator lists it.
  struct Listing {
    var engine: FaultyEngine
    /// What it is called there.
    var name: String
    /// Where it publishes, in the operator's words.
    var eventEndpoint: String
    var replayEndpoint: String?
    /// The topics to take; nil for all.
    var topic: String?

    /// - Parameters:
    ///   - name: Nil for its own.
    ///   - host: Nil for its own.
    init(_ engine: FaultyEngine, as name: String? = nil, at host: String? = nil) {
      self.engine = engine
      self.name = name ?? engine.name
      eventEndpoint = host.map { engine.at($0) } ?? engine.eventEndpoint
      // A second name that gave the same replay endpoint would be found by that.
      replayEndpoint = host == nil ? engine.replayEndpoint : nil
    }
  }

  /// An endpoints file.
  static func endpointsFile(_ listings: [Listing]) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("endpoints") { json in
        json.array { json in
          for listing in listings { json.object { json in write(listing, &json) } }
        }
      }
    }
    return json.bytes
  }

  /// The body of a registration.
  static func registration(_ listing: Listing, seconds: Int) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      write(listing, &json)
      json.field("ttl_seconds", seconds)
    }
    return json.bytes
  }

  private static func write(_ listing: Listing, _ json: inout JSONWriter) {
    json.field("name", listing.name)
    json.field("address", "127.0.0.1")
    // Nobody sends requests there; it only has to be another one for each.
    let port = listing.engine.port.map { Int($0) } ?? 1 + Int(listing.name.utf8.first ?? 0)
    json.field("port", port)
    json.field("model", "m")
    json.field("kvEvents") { json in
      json.object { json in
        json.field("endpoint", listing.eventEndpoint)
        if let replay = listing.replayEndpoint { json.field("replayEndpoint", replay) }
        if listing.engine.isConnecting { json.field("bind", true) }
        if let topic = listing.topic { json.field("topic", topic) }
      }
    }
  }
}
