import Foundation
import KVIndexer
package import Simulation

/// Feeds a recording to the index and sets its predictions against what the engine delivered.
///
/// Each request is predicted from the events that had arrived when it was sent. As in production,
/// a request that was sent reserves its prompt until its events arrive, and a cache reset that was
/// asked for counts at once; `Options.eventsOnly` turns both off. The block size that the recording's
/// `server.json` names is taken as configured, so that reservations work before the first event.
package struct RecordingReplay: ~Copyable {
  package struct Options: Sendable {
    /// Predict from events alone: no reservations, and a reset counts when the engine announces it.
    package var eventsOnly = false

    package init() {}
  }

  private let options: Options
  private var fleet: FleetIndex
  private var decoder: EventDecoder
  private var sources: [ReplayedSource] = []
  private var matches = FleetMatches()
  private var batch = EventBatch()
  /// Names of LoRA adapters that the events mention: requests ask for them as models.
  private var adapters: Set<String> = []
  private var report = ReplayReport()

  /// One stream with the state of its subscription.
  private struct ReplayedSource {
    var stream: RecordedStream
    var endpoint: String
    var id: SourceID
    var tracker = SequenceTracker(settings: SequenceTracker.Settings(hasReplay: false))
    var incarnation = Incarnation(0)
    var position = 0
  }

  /// Replays the recording at `path`, a directory or a file of frames.
  package static func run(
    path: String, options: Options = Options()
  ) throws(InputFileError) -> ReplayReport {
    let streams = try RecordedStream.read(from: path)
    let transcript = path + "/requests.jsonl"
    var requests: [RecordedRequest] = []
    if FileManager.default.fileExists(atPath: transcript) {
      requests = try RecordedRequest.read(from: transcript)
    }
    let blockSize = try RecordedServer.read(from: path + "/server.json")?.blockSize
    var replay = RecordingReplay(
      streams: streams, requests: requests, blockSize: blockSize, options: options)
    for request in requests.sorted(by: { $0.sendTime < $1.sendTime }) { replay.replay(request) }
    replay.finish()
    return replay.report
  }

  private init(
    streams: [RecordedStream], requests: [RecordedRequest], blockSize: Int?, options: Options
  ) {
    self.options = options
    let hasher = BlockHasher()
    decoder = EventDecoder(seed: hasher.seed)
    fleet = FleetIndex(hasher: hasher)
    let onlyServer = requests.first?.server
    for stream in streams {
      let server = stream.server ?? onlyServer
      let endpoint = server.map { "port \($0)" } ?? stream.name
      let id = fleet.addSource(
        SourceConfiguration(endpoint: endpoint, rank: stream.rank, blockSize: blockSize))
      sources.append(ReplayedSource(stream: stream, endpoint: endpoint, id: id))
      for message in stream.messages where decode(message) {
        adapters.formUnion(batch.loraNames)
      }
    }
    decoder = EventDecoder(seed: hasher.seed)
    for index in sources.indices {
      sources[index].tracker.connected(now: 0)
      act(index, nil)
    }
  }

  private mutating func decode(_ message: RecordedStream.Message) -> Bool {
    message.payload.withUnsafeBytes { payload in
      do {
        try decoder.decode(payload, into: &batch)
        return true
      } catch {
        return false
      }
    }
  }

  // MARK: Events

  /// Applies what had arrived when `request` was sent.
  private mutating func catchUp(to request: RecordedRequest) {
    for index in sources.indices where sources[index].endpoint == "port \(request.server)" {
      while let message = nextMessage(index) {
        // The transcript counts rank 0's sequence; other ranks are known by their time of receipt.
        let isThere =
          sources[index].stream.rank == 0
          ? request.sequence.before.map { message.sequence <= $0 } ?? false
          : message.time <= request.sendTime
        guard isThere else { break }
        take(index, message)
      }
    }
  }

  private func nextMessage(_ index: Int) -> RecordedStream.Message? {
    let source = sources[index]
    guard source.position < source.stream.messages.count else { return nil }
    return source.stream.messages[source.position]
  }

  private mutating func take(_ index: Int, _ message: RecordedStream.Message) {
    sources[index].position += 1
    let digest = message.payload.withUnsafeBytes { PayloadDigest(of: $0) }
    sources[index].tracker.live(
      message.sequence, digest: digest, byteCount: message.payload.count,
      now: Self.clock(message.time))
    act(index, message)
  }

  private mutating func act(_ index: Int, _ message: RecordedStream.Message?) {
    let id = sources[index].id
    while let action = sources[index].tracker.nextAction() {
      switch action {
      case .deliver:
        if let message { apply(index, message) }
      case .newIncarnation:
        sources[index].incarnation.number += 1
        fleet.beginIncarnation(sources[index].incarnation, of: id)
        report.incarnations += 1
      case .declareGap(let range, _): report.lostMessages += range.count
      case .state(let state): fleet.setStream(state, of: id)
      case .drop: report.droppedMessages += 1
      case .hold, .discardHeld, .requestReplay, .requestSnapshot, .takeSnapshot, .cancelReplay:
        break
      }
    }
  }

  private mutating func apply(_ index: Int, _ message: RecordedStream.Message) {
    report.batches += 1
    let (id, incarnation) = (sources[index].id, sources[index].incarnation)
    guard decode(message) else {
      sources[index].tracker.undecodable(message.sequence)
      act(index, nil)
      return
    }
    fleet.hasher.prepare(&batch)
    report.events += batch.events.count
    let cleared = fleet.apply(
      batch, from: id, incarnation: incarnation, now: Self.clock(message.time))
    if cleared {
      sources[index].tracker.historyCleared(at: message.sequence)
      act(index, nil)
    }
  }

  private static func clock(_ seconds: Double) -> UInt64 { UInt64(max(seconds, 0) * 1e9) }

  // MARK: Requests

  private mutating func replay(_ request: RecordedRequest) {
    catchUp(to: request)
    let endpoint = "port \(request.server)"
    let now = Self.clock(request.sendTime)
    fleet.expireReservations(now: now)
    if request.path == "/reset_prefix_cache", request.status == 200, !options.eventsOnly {
      for source in sources where source.endpoint == endpoint { fleet.clear(source.id) }
    }
    guard let tokens = request.promptTokenIDs, !tokens.isEmpty, request.status == 200,
      request.allOutputTokenIDs == nil
    else { return }
    let keys = promptKeys(request, tokens)
    if let delivered = request.cachedTokens {
      let predicted = predict(request, keys, endpoint)
      report.rows.append(
        ReplayReport.Row(
          id: request.id, label: request.label, endpoint: endpoint, promptTokens: tokens.count,
          matchedTokens: predicted.matched, reservedTokens: predicted.reserved,
          deliveredTokens: delivered, trust: predicted.trust))
    }
    if !options.eventsOnly, request.cachedTokens != nil {
      do {
        _ = try fleet.reserve(
          "\(endpoint)/\(request.id)", endpoint: endpoint, prompt: keys, now: now)
      } catch {
        report.unreserved += 1
      }
    }
  }

  private func promptKeys(_ request: RecordedRequest, _ tokens: [TokenID]) -> PromptKeys {
    let model = request.body["model"]?.string ?? ""
    return PromptKeys(
      tokens: tokens, lora: adapters.contains(model) ? model : nil,
      extras: PromptExtras(cacheSalt: request.body["cache_salt"]?.string),
      namespaces: fleet.namespaces(model: model), hasher: fleet.hasher)
  }

  private mutating func predict(
    _ request: RecordedRequest, _ keys: borrowing PromptKeys, _ endpoint: String
  ) -> (matched: Int, reserved: Int, trust: String) {
    let model = request.body["model"]?.string ?? ""
    let match = fleet.endpointMatches(
      keys, model: model, candidates: [endpoint], matches: &matches
    ).first
    let pinned = request.headers?["X-data-parallel-rank"].flatMap { Int($0) }
    let rank = pinned.flatMap { rank in match?.ranks.first { $0.rank == rank } } ?? match?.best
    // A request for prompt log-probabilities computes its whole prompt.
    if request.body["prompt_logprobs"] != nil { return (0, 0, rank?.trust.name ?? "") }
    let reserved = pinned == nil ? match?.reservedTokens ?? 0 : 0
    return (rank?.matchedTokens ?? 0, reserved, rank?.trust.name ?? "")
  }

  /// Applies what no request waited for, so that the summary covers the whole recording.
  private mutating func finish() {
    for index in sources.indices {
      while let message = nextMessage(index) { take(index, message) }
    }
    report.decoding = decoder.counters
    for source in sources {
      guard let status = fleet.status(of: source.id) else { continue }
      report.sources.append(
        ReplayReport.SourceSummary(
          name: source.stream.rank > 0
            ? "\(source.endpoint) rank \(source.stream.rank)" : source.endpoint,
          messages: source.stream.messages.count, status: status))
    }
  }
}
