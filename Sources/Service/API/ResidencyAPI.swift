import KVIndexer
import Tokenize

/// `GET /v1/residency`: what each endpoint holds, by tier, against what its engine has room for.
extension IndexerAPI {
  func residency(_ request: borrowing HTTPRequest, _ reply: HTTPReply) {
    do throws(HTTPError) {
      let filter = try residencyFilter(request)
      inspect(reply) { [self] in
        var json = JSONWriter(capacity: 8192)
        inspection.residency.report(filter).write(to: &json)
        return HTTPResponse(json: json)
      }
    } catch {
      reply.send(HTTPResponse(error))
    }
  }

  /// Has `answer` made on the inspection thread, or refuses.
  func inspect(_ reply: HTTPReply, _ answer: @escaping @Sendable () -> HTTPResponse) {
    if !inspection.thread.ask({ reply.send(answer()) }) {
      reply.send(HTTPResponse(.overloaded("too many questions about the index wait")))
    }
  }

  private func residencyFilter(
    _ request: borrowing HTTPRequest
  ) throws(HTTPError) -> ResidencyReport.Filter {
    var filter = ResidencyReport.Filter()
    filter.endpoint = try endpointName(request)
    filter.model = request.query("model")
    filter.namespace = try namespace(request)
    if let name = request.query("tier") {
      guard let tier = Tier.allCases.first(where: { $0.name == name }) else {
        let names = Tier.allCases.map(\.name).joined(separator: ", ")
        throw .invalidRequest("tier: one of \(names), not '\(name)'", param: "tier")
      }
      filter.tier = tier
    }
    return filter
  }

  /// The endpoint that a query names; nil when it names none.
  func endpointName(_ request: borrowing HTTPRequest) throws(HTTPError) -> String? {
    guard let name = request.query("endpoint") else { return nil }
    let names = membership.members.map(\.name)
    guard names.contains(name) else {
      let nearest = nearestName(to: name, among: names)
      throw .notFound(
        "there is no endpoint '\(name)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""),
        param: "endpoint")
    }
    return name
  }

  /// The namespace that a query names by its id; nil when it names none.
  func namespace(_ request: borrowing HTTPRequest) throws(HTTPError) -> NamespaceID? {
    guard let id = request.query("namespace") else { return nil }
    let number = HexID.number(id).flatMap { id in fleet.read { $0.namespace(withID: id) } }
    guard let number else {
      throw .notFound(
        "there is no namespace '\(id)'; GET /v1/residency lists them", param: "namespace")
    }
    return number
  }
}

extension ResidencyReport {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("time", WallClock.seconds())
      json.field("partial", isPartial)
      json.field("endpoints") { json in
        json.array { json in for endpoint in endpoints { endpoint.write(to: &json) } }
      }
      json.field("namespaces") { json in
        json.array { json in for namespace in namespaces { Self.write(namespace, &json) } }
      }
    }
  }

  private static func write(_ row: NamespaceResidency, _ json: inout JSONWriter) {
    json.object { json in
      json.field("namespace", HexID.text(row.id))
      json.field("model", row.namespace.model.isEmpty ? nil : row.namespace.model)
      json.field("lora", row.namespace.lora)
      json.field("salted", row.namespace.isSalted)
      json.field("block_size", row.namespace.blockSize)
      json.field("blocks", row.blocks)
      json.field("holders", row.holders)
    }
  }
}

extension ResidencyReport.EndpointRow {
  fileprivate func write(to json: inout JSONWriter) {
    let bytesPerToken = member.configuration.bytesPerToken
    json.object { json in
      json.field("endpoint", member.name)
      json.field("address", member.address)
      json.field("model", member.model.isEmpty ? nil : member.model)
      json.field("trust", (trust ?? .connecting).name)
      json.field("reason", reason)
      json.field("block_size", blockSize)
      json.field("blocks", blocks)
      json.field("tokens", tokens)
      json.field("capacity_blocks", tiers.first { $0.tier == .gpu }?.capacityBlocks)
      json.field("index_bytes", indexBytes)
      json.field("tiers") { Self.write(tiers, bytesPerToken, &$0) }
      json.field("age_s", tenth: ageSeconds)
      json.field("oldest_s", tenth: oldestSeconds)
      json.field("stored_per_s", tenth: storedPerSecond)
      json.field("removed_per_s", tenth: removedPerSecond)
      json.field("turnover_s", tenth: turnoverSeconds)
      json.field("ranks") { json in
        json.array { json in
          for rank in ranks {
            json.object { json in
              json.field("rank", rank.rank)
              json.field("trust", rank.trust.name)
              json.field("reason", rank.reason)
              json.field("tiers") { Self.write(rank.tiers, bytesPerToken, &$0) }
            }
          }
        }
      }
    }
  }

  private static func write(
    _ tiers: [ResidencyReport.TierRow], _ bytesPerToken: Int?, _ json: inout JSONWriter
  ) {
    json.array { json in
      for row in tiers {
        json.object { json in
          json.field("tier", row.tier.name)
          json.field("blocks", row.blocks)
          json.field("tokens", row.tokens)
          json.field("bytes", bytesPerToken.map { $0 * row.tokens })
          json.field("capacity_blocks", row.capacityBlocks)
          json.field(
            "capacity_bytes",
            bytesPerToken.flatMap { bytes in row.capacityTokens.map { bytes * $0 } })
          json.field("shared_blocks", row.sharedBlocks)
        }
      }
    }
  }
}

extension JSONWriter {
  /// Writes a number to a tenth; nil is `null`.
  mutating func field(_ name: String, tenth value: Double?) {
    field(name) { json in
      if let value { json.double((value * 10).rounded() / 10) } else { json.null() }
    }
  }
}
