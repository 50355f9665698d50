import KVIndexer
import Tokenize

/// One state of the overview, as `GET /v1/overview` and `GET /v1/stream` answer it.
///
/// Endpoints and points are rows under a list of columns, and words that repeat are numbers of a
/// list: 500 endpoints with ten minutes of past take less than 100 KB.
struct OverviewState {
  let routes: Bool
  let upSeconds: Double
  let indexBytesMax: Int
  /// What rates are counted from.
  let earlier: FleetSample
  let latest: FleetSample
  let points: ArraySlice<OverviewPoint>

  static let endpointColumns = [
    "endpoint", "address", "model", "trust", "reason", "ranks", "block_size", "tiers",
    "capacity_blocks", "index_bytes", "events_per_s", "stored_per_s", "removed_per_s",
    "last_event_s", "health", "running", "waiting", "requests", "prompt_tokens",
    "delivered_tokens",
  ]

  private var seconds: Double { max(Double(latest.at &- earlier.at) / 1e9, 1e-3) }

  func write(to json: inout JSONWriter) {
    let models = Self.words(latest.endpoints.map(\.member.model).filter { !$0.isEmpty })
    let reasons = Self.words(latest.endpoints.compactMap(\.reason))
    json.object { json in
      json.field("time", (latest.time * 1000).rounded() / 1000)
      json.field("version", ProductVersion.current)
      json.field("routes", routes)
      json.field("uptime_s", Int(max(upSeconds, 0)))
      json.field("totals") { writeTotals(&$0) }
      json.field("traffic") { Self.write(latest.traffic, &$0) }
      json.field("tiers") { $0.strings(Tier.allCases.map(\.name)) }
      json.field("models") { $0.strings(models.list) }
      json.field("reasons") { $0.strings(reasons.list) }
      json.field("endpoint_columns") { $0.strings(Self.endpointColumns) }
      json.field("endpoints") { json in
        json.array { json in
          writeEndpoints(&json, models: models.numbers, reasons: reasons.numbers)
        }
      }
      json.field("point_columns") { $0.strings(OverviewPoint.columns) }
      json.field("points") { json in
        json.array { json in
          for point in points { point.write(to: &json) }
        }
      }
    }
  }

  private func writeTotals(_ json: inout JSONWriter) {
    let now = OverviewPoint(from: earlier, to: latest)
    json.object { json in
      json.field("endpoints", latest.endpoints.count)
      json.field("trust") { json in
        json.object { json in
          for name in Trust.names {
            json.field(name, latest.endpoints.count { $0.trust?.name == name })
          }
          json.field("not_followed", latest.endpoints.count { $0.trust == nil })
        }
      }
      json.field("blocks", latest.endpoints.reduce(0) { $0 + $1.blocks.reduce(0, +) })
      json.field("unique_blocks", latest.uniqueBlocks)
      json.field("residencies", latest.residencies)
      json.field("index_bytes", latest.indexBytes)
      json.field("index_bytes_max", indexBytesMax)
      json.field("scores", latest.scores)
      for (name, value) in zip(OverviewPoint.columns, now.values).dropFirst().prefix(8) {
        json.field(name) { $0.compact(value) }
      }
    }
  }

  private static func write(_ traffic: ShadowFigures, _ json: inout JSONWriter) {
    func write(_ predicted: ShadowFigures.Side, _ json: inout JSONWriter) {
      json.object { json in
        json.field("requests", predicted.requests)
        json.field("prompt_tokens", predicted.promptTokens)
        json.field("predicted_tokens", predicted.predictedTokens)
        json.field("absolute_error_tokens", predicted.absoluteErrorTokens)
        json.field("regret_tokens", predicted.regretTokens)
      }
    }
    json.object { json in
      json.field("requests", traffic.requests)
      json.field("prompt_tokens", traffic.promptTokens)
      json.field("delivered_tokens", traffic.deliveredTokens)
      json.field("precise") { write(traffic.precise, &$0) }
      json.field("approximate") { write(traffic.approximate, &$0) }
    }
  }

  private func writeEndpoints(
    _ json: inout JSONWriter, models: [String: Int], reasons: [String: Int]
  ) {
    let before = Dictionary(
      earlier.endpoints.map { (ObjectIdentifier($0.member), $0) }, uniquingKeysWith: { $1 })
    for endpoint in latest.endpoints {
      let old = before[ObjectIdentifier(endpoint.member)]
      func rate(_ count: (FleetSample.Endpoint) -> Int) -> Double? {
        old.map { Double(max(count(endpoint) - count($0), 0)) / seconds }
      }
      let tiers = endpoint.blocks.count - endpoint.blocks.reversed().prefix { $0 == 0 }.count
      json.array { json in
        json.string(endpoint.member.name)
        json.string(endpoint.member.address)
        json.optional(models[endpoint.member.model])
        json.string(endpoint.trust?.name ?? "not_followed")
        json.optional(endpoint.reason.flatMap { reasons[$0] })
        json.integer(endpoint.member.sources.count)
        json.optional(endpoint.blockSize)
        json.array { for count in endpoint.blocks.prefix(tiers) { $0.integer(count) } }
        json.optional(endpoint.capacityBlocks)
        json.integer(endpoint.indexBytes)
        json.compact(rate(\.events))
        json.compact(rate(\.storedBlocks))
        json.compact(rate(\.removedBlocks))
        json.compact(
          endpoint.lastMessageAt.map { Double(latest.at > $0 ? latest.at - $0 : 0) / 1e9 })
        if let engine = endpoint.engine { json.string(engine.health.name) } else { json.null() }
        json.optional(endpoint.engine?.report.runningRequests)
        json.optional(endpoint.engine?.report.waitingRequests)
        json.optional(endpoint.traffic?.requests)
        json.optional(endpoint.traffic?.promptTokens)
        json.optional(endpoint.traffic?.deliveredTokens)
      }
    }
  }

  private static func words(_ all: [String]) -> (list: [String], numbers: [String: Int]) {
    let list = Set(all).sorted()
    return (list, Dictionary(uniqueKeysWithValues: zip(list, list.indices)))
  }
}

extension JSONWriter {
  fileprivate mutating func strings(_ values: [String]) {
    array { json in
      for value in values { json.string(value) }
    }
  }

  fileprivate mutating func optional(_ value: Int?) {
    if let value { integer(value) } else { null() }
  }
}
