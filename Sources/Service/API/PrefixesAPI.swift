import KVIndexer
import Tokenize

/// `GET /v1/prefixes`: the tree of runs, a page at a time.
extension IndexerAPI {
  private static let limitDefault = 50
  private static let limitMax = 500
  /// Holders that are listed of a run.
  private static let holdersMax = 16

  func prefixes(_ request: borrowing HTTPRequest, _ reply: HTTPReply) {
    do throws(HTTPError) {
      let query = try runQuery(request)
      inspect(reply) { [self] in
        let selection = inspection.inspector.select(query)
        var json = JSONWriter(capacity: 16_384)
        write(selection, &json)
        return HTTPResponse(json: json)
      }
    } catch {
      reply.send(HTTPResponse(error))
    }
  }

  private func runQuery(_ request: borrowing HTTPRequest) throws(HTTPError) -> RunQuery {
    var query = RunQuery()
    query.limit = Self.limitDefault
    if let text = request.query("limit") {
      guard let limit = Int(text), (1...Self.limitMax).contains(limit) else {
        throw .invalidRequest("limit: from 1 to \(Self.limitMax), not '\(text)'", param: "limit")
      }
      query.limit = limit
    }
    if let name = request.query("sort") {
      guard let order = RunQuery.Order(rawValue: name) else {
        let names = RunQuery.Order.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalidRequest("sort: one of \(names), not '\(name)'", param: "sort")
      }
      query.order = order
    }
    if query.order != .value || request.query("roots") == "true" { query.scope = .roots }
    if let parent = request.query("parent") {
      guard let key = HexID.number(parent) else {
        throw .invalidRequest("parent: the id of a prefix, not '\(parent)'", param: "parent")
      }
      query.scope = .children(of: BlockKey(key))
    }
    if let text = request.query("cursor") {
      guard let place = RunQuery.Place(cursor: text) else {
        throw .invalidRequest("cursor: the `next` of a page, not '\(text)'", param: "cursor")
      }
      query.after = place
    }
    query.endpoint = try endpointName(request)
    query.model = request.query("model")
    query.namespace = try namespace(request)
    return query
  }

  private func write(_ selection: RunSelection, _ json: inout JSONWriter) {
    let holders = fleet.read {
      $0.holders(ofRuns: selection.runs.map(\.key), limit: Self.holdersMax)
    }
    json.object { json in
      if case .children(let parent) = selection.query.scope {
        json.field("parent", HexID.text(parent.bits))
      } else {
        json.field("parent", nil as String?)
      }
      json.field("prefixes") { json in
        json.array { json in
          for (run, holders) in zip(selection.runs, holders) { write(run, holders, &json) }
        }
      }
      json.field("total", selection.total)
      json.field("partial", selection.isPartial || !selection.isComplete)
      json.field("next", selection.next?.cursor)
    }
  }

  private func write(_ run: RunSummary, _ holders: [RunHolder], _ json: inout JSONWriter) {
    let namespace = fleet.read { $0.namespace(run.namespace) }
    json.object { json in
      json.field("id", HexID.text(run.key.bits))
      json.field("namespace", namespace.map { HexID.text($0.id) })
      json.field("first_block", run.firstBlock)
      json.field("blocks", run.blocks)
      json.field("depth_blocks", run.depth)
      json.field("depth_tokens", namespace.map { run.depth * $0.namespace.blockSize })
      json.field("holders") { json in
        json.array { json in
          for holder in holders {
            json.object { json in
              json.field("endpoint", holder.endpoint)
              json.field("rank", holder.rank)
              json.field("tier", holder.tier.name)
              json.field("blocks", holder.blocks)
            }
          }
        }
      }
      json.field("holder_count", run.holders)
      json.field("children", run.children)
      json.field("last_hit_s", tenth: run.secondsSinceMatch)
      json.field("reads", run.reads)
      json.field("value", run.value)
    }
  }
}

extension RunQuery.Place {
  /// The place as a page's `next` names it.
  var cursor: String { HexID.text(rank.bitPattern) + "-" + HexID.text(key.bits) }

  init?(cursor: String) {
    let parts = cursor.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let rank = HexID.number(String(parts[0])),
      let key = HexID.number(String(parts[1])), !Double(bitPattern: rank).isNaN
    else { return nil }
    self.init(rank: Double(bitPattern: rank), key: BlockKey(key))
  }
}
