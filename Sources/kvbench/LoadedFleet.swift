import KVIndexer

/// A fleet index with one source an endpoint, all of them live, and what leads bytes into it.
struct LoadedFleet: ~Copyable {
  static let model = "bench"

  var fleet: FleetIndex
  let sources: [SourceID]
  private var decoder: EventDecoder
  private var batch = EventBatch()

  /// Endpoints are named so that their order is that of the lanes of a forest.
  init(endpoints: Int, byteBudget: Int = 2 << 30) {
    fleet = FleetIndex(hasher: BlockHasher(sharedKey: "kvbench"), byteBudget: byteBudget)
    var added: [SourceID] = []
    for number in 0..<endpoints {
      let source = fleet.addSource(
        SourceConfiguration(endpoint: Self.name(number), model: Self.model))
      fleet.setStream(.live(.complete, replaying: false), of: source)
      added.append(source)
    }
    sources = added
    decoder = EventDecoder(seed: fleet.hasher.seed)
  }

  /// The fleet alone.
  consuming func intoFleet() -> FleetIndex { fleet }

  static func name(_ number: Int) -> String { "endpoint-\(1_000 + number)" }

  /// How far bytes are led.
  enum Stage: String, CaseIterable {
    case decode = "decoding alone"
    case hash = "decoding and hashing"
    case apply = "bytes → index"
  }

  /// Decodes a message, hashes its blocks and applies it, as the service does.
  ///
  /// - Returns: Whether it could be decoded.
  mutating func take(_ message: [UInt8], source: Int, upTo stage: Stage = .apply) -> Bool {
    do throws(EventDecodingError) {
      try message.span.withUnsafeBytes { bytes throws(EventDecodingError) in
        try decoder.decode(bytes, into: &batch)
      }
    } catch {
      return false
    }
    if stage == .decode { return true }
    fleet.hasher.prepare(&batch)
    if stage == .hash { return true }
    fleet.apply(batch, from: sources[source], incarnation: Incarnation(0), now: 0)
    return true
  }

  /// Compares matched tokens with what brute force says, for prompts of block keys.
  func verify(
    _ queries: [[UInt64]], against holdings: Holdings, _ checksum: inout Checksum,
    _ report: inout Report
  ) {
    var found = FleetMatches()
    for (number, keys) in queries.enumerated() {
      let prompt = PromptKeys(
        tokens: EngineMessages.prompt(keys), lora: nil, extra: [],
        namespaces: fleet.namespaces(model: Self.model), hasher: fleet.hasher)
      let matches = fleet.endpointMatches(prompt, model: Self.model, matches: &found)
      report.check(matches.count == sources.count, "\(matches.count) answers")
      for (lane, match) in matches.enumerated() {
        let tokens = match.best?.matchedTokens ?? -1
        let expected = holdings.leadingBlocks(of: keys, lane: lane) * EngineMessages.blockSize
        checksum.add(tokens)
        report.check(
          tokens == expected, "query \(number), \(match.endpoint): \(tokens), not \(expected)")
      }
    }
  }
}
