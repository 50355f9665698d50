import KVIndexer
import Tokenize

/// `POST /v1/sources/{id}/clear`, `…/resync` and `…/incarnation`, and the same of an endpoint's
/// sources: for whoever resets engines, and knows it before their events tell.
extension IndexerAPI {
  /// A source that a request names.
  struct ChangedSource: Sendable {
    var id: SourceID
    var endpoint: String
    var rank: Int

    var name: String { "\(endpoint):\(rank)" }
  }

  /// - Parameter path: What follows `/v1/sources/`: `ID/CHANGE`, or `ENDPOINT:RANK/CHANGE`.
  func changeSource(
    _ request: borrowing HTTPRequest, _ path: String, _ reply: HTTPReply
  ) throws(HTTPError) {
    let (name, change) = try Self.parts(of: path)
    let all = changeableSources
    let number = Int(name)
    guard let source = all.first(where: { $0.id.index == number || $0.name == name }) else {
      throw .notFound(
        "there is no source '\(name)'; there are "
          + Self.list(all.map { "\($0.id.index) (\($0.name))" }), param: "id")
    }
    try self.change(change, [source], request, reply) { results, json in
      for result in results { result.writeFields(to: &json) }
    }
  }

  /// - Parameter path: What follows `/v1/endpoints/`: `NAME/CHANGE`.
  func changeEndpoint(
    _ request: borrowing HTTPRequest, _ path: String, _ reply: HTTPReply
  ) throws(HTTPError) {
    let (name, change) = try Self.parts(of: path)
    let all = changeableSources
    let sources = all.filter { $0.endpoint == name }
    guard !sources.isEmpty else {
      throw .notFound(
        "there is no endpoint '\(name)' with KV event sources; there are "
          + Self.list(Set(all.map(\.endpoint)).sorted()), param: "endpoint")
    }
    try self.change(change, sources, request, reply) { results, json in
      json.field("endpoint", name)
      json.field("sources") { json in
        json.array { json in
          for result in results { json.object { json in result.writeFields(to: &json) } }
        }
      }
    }
  }

  private var changeableSources: [ChangedSource] {
    membership.members.flatMap { member in
      member.sources.lazy.filter { $0.failure == nil }.map {
        ChangedSource(id: $0.id, endpoint: member.name, rank: $0.configuration.rank)
      }
    }
  }

  /// A name and the change behind its last slash: names may have slashes.
  private static func parts(
    of path: String
  ) throws(HTTPError) -> (name: String, change: SourceChange) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex,
      let change = SourceChange(rawValue: String(path[path.index(after: slash)...]))
    else {
      let changes = SourceChange.allCases.map { "/\($0.rawValue)" }.joined(separator: ", ")
      throw .notFound("there is nothing at this path; it has to end in \(changes)")
    }
    return (String(path[..<slash]), change)
  }

  private static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let rest = names.count > 50 ? " and \(names.count - 50) more" : ""
    return names.prefix(50).joined(separator: ", ") + rest
  }

  private func change(
    _ change: SourceChange, _ sources: [ChangedSource], _ request: borrowing HTTPRequest,
    _ reply: HTTPReply,
    write: @escaping @Sendable ([ChangedSourceResult], inout JSONWriter) -> Void
  ) throws(HTTPError) {
    let reason: String?
    do throws(RequestBodyError) {
      reason = try SourceChangeRequest(parsing: request.body).reason
    } catch {
      throw HTTPError(error)
    }
    let client = request.client
    let gathering = ChangeGathering(sources.count) { [self] results in
      metrics.metrics.sourceChanges[change].add(results.filter(\.isDone).count)
      metrics.metrics.refusedSourceChanges.add(results.filter { !$0.isDone }.count)
      for result in results {
        log(
          result.isDone ? .info : .warning,
          "\(result.source.name): \(client) \(change.deed)\(Self.because(reason)): \(result)")
      }
      guard change != .resync, results.contains(where: \.isDone) else {
        return reply.send(Self.response(change, results, nil, write))
      }
      // Who is killed after the answer must not begin again with what is void.
      snapshots.save { reply.send(Self.response(change, results, $0, write)) }
    }
    for source in sources { begin(change, source) { gathering.add($0) } }
  }

  /// - Parameter saved: What of the change is on disk; nil where nothing has to be.
  private static func response(
    _ change: SourceChange, _ results: [ChangedSourceResult], _ saved: SnapshotKeeper.Saved?,
    _ write: ([ChangedSourceResult], inout JSONWriter) -> Void
  ) -> HTTPResponse {
    var warning: String?
    switch saved {
    case .written, nil: break
    case .removed(let failure):
      warning = "\(failure); the snapshot of before is removed, a restart begins without one"
    case .failed(let failure):
      return HTTPResponse(
        .internalError(
          results.map { "\($0.source.name): \($0)" }.joined(separator: "; ")
            + "; but an indexer that is killed now begins again with what was there before: "
            + "\(failure)"))
    }
    if let error = error(results) { return HTTPResponse(error) }
    var json = JSONWriter()
    json.object { json in
      write(results, &json)
      if let warning { json.field("warning", warning) }
    }
    return HTTPResponse(status: change == .resync ? 202 : 200, json: json)
  }

  private func begin(
    _ change: SourceChange, _ source: ChangedSource,
    _ done: @escaping @Sendable (ChangedSourceResult) -> Void
  ) {
    let finish: @Sendable (CacheReset.Outcome) -> Void = {
      done(ChangedSourceResult(source: source, outcome: .reset($0)))
    }
    switch change {
    case .clear: subscriptions.reset(source.id, CacheReset(.clear, finish: finish))
    case .incarnation: subscriptions.reset(source.id, CacheReset(.incarnation, finish: finish))
    case .resync:
      subscriptions.resync(source.id, .requested)
      done(ChangedSourceResult(source: source, outcome: .begun))
    }
  }

  /// Somebody's words in one line of the log.
  private static func because(_ reason: String?) -> String {
    guard let reason, !reason.isEmpty else { return "" }
    let line = reason.unicodeScalars.prefix(200).map {
      $0.properties.generalCategory == .control ? " " : String($0)
    }
    return " (\(line.joined()))"
  }

  private static func error(_ results: [ChangedSourceResult]) -> HTTPError? {
    let refused = results.filter { !$0.isDone }
    guard !refused.isEmpty else { return nil }
    let done = results.count - refused.count
    let others = done > 0 ? "; it was done for the other \(done)" : ""
    return HTTPError(
      status: 409, type: "conflict",
      message: refused.map { "\($0.source.name): \($0)" }.joined(separator: "; ") + others)
  }
}

/// What came of a change for one source.
struct ChangedSourceResult: Sendable, CustomStringConvertible {
  enum Outcome: Sendable {
    /// It goes on by itself.
    case begun
    case reset(CacheReset.Outcome)
  }

  var source: IndexerAPI.ChangedSource
  var outcome: Outcome

  var isDone: Bool {
    switch outcome {
    case .begun, .reset(.done): true
    case .reset(.refused), .reset(.unknownSource): false
    }
  }

  var description: String {
    switch outcome {
    case .begun: "its history is being fetched again"
    case .reset(.done(let dropped, let incarnation)):
      "\(dropped) blocks dropped, incarnation \(incarnation.number)"
    case .reset(.unknownSource): "the source was removed meanwhile"
    case .reset(.refused(let cause)): cause.sentence
    }
  }

  func writeFields(to json: inout JSONWriter) {
    json.field("source", source.id.index)
    json.field("endpoint", source.endpoint)
    json.field("rank", source.rank)
    guard case .reset(.done(let dropped, let incarnation)) = outcome else { return }
    json.field("incarnation", Int(incarnation.number))
    json.field("dropped_blocks", dropped)
  }
}

extension FenceOutcome {
  fileprivate var sentence: String {
    switch self {
    case .set: "done"
    case .notConnected:
      "the engine's event stream is not connected, so that it can't be told which of its events come "
        + "from before; try again when it is"
    case .catchingUp:
      "the engine's history is being fetched, and it can't be told which of its events come from "
        + "before; try again when the source is not bootstrapping any more"
    case .nothingReceived:
      "nothing of the engine's stream has been received yet, so that nothing is known of its cache; "
        + "its own event of the reset, which comes with its next step, will do"
    }
  }
}

/// Waits for the results of several sources.
private final class ChangeGathering: @unchecked Sendable {
  private let count: Int
  private let finish: @Sendable ([ChangedSourceResult]) -> Void
  private let lock = Lock()
  private var results: [ChangedSourceResult] = []

  init(_ count: Int, finish: @escaping @Sendable ([ChangedSourceResult]) -> Void) {
    self.count = count
    self.finish = finish
  }

  func add(_ result: ChangedSourceResult) {
    let all: [ChangedSourceResult]? = lock.withLock {
      results.append(result)
      return results.count == count ? results.sorted { $0.source.rank < $1.source.rank } : nil
    }
    if let all { finish(all) }
  }
}
