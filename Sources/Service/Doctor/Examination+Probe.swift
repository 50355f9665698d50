import KVIndexer

/// New prompts that are sent twice, and what was predicted of them.
extension Examination {
  /// What a step that waits for events gives those that follow the first one.
  private static let settleNanoseconds: UInt64 = 1_000_000_000

  /// Sends a new prompt to each of `ranks` twice, and to one of them with a salt and an adapter.
  func probe(_ watch: EventWatch, _ ranks: [Int], _ texts: ExaminedText) {
    var cached: Cached?
    var stray: Stray?
    for rank in ranks where !interruption.isStopped {
      let found = probe(rank: rank, watch, rank == ranks.first ? texts : newPrompt(), &stray)
      cached = cached ?? found
    }
    if let stray { tell(stray, watch) }
    guard let cached else {
      let reason = "the probe did not succeed"
      for step in [DoctorStep.salt, .lora] { skip(step, reason) }
      if !hasNote(.usage) { skip(.usage, reason) }
      if !hasNote(.probe) { skip(.probe, reason) }
      return
    }
    probeSalt(cached, watch)
    probeAdapter(cached, watch)
  }

  /// The prompt of another rank or attempt, which the renderer is not judged by.
  private func newPrompt() -> ExaminedText {
    ExaminedText(prompt: newText(), rendered: nil, tokenized: nil)
  }

  /// - Parameter stray: A rank that was asked for, and the one that served.
  /// - Returns: The prompt, if it is cached and known to be.
  private func probe(
    rank: Int, _ watch: EventWatch, _ texts: ExaminedText, _ stray: inout Stray?
  ) -> Cached? {
    // Events that were published before the subscription took hold are missed: once is no proof.
    for attempt in 0..<2 where !interruption.isStopped {
      let prompt = attempt == 0 ? texts : newPrompt()
      let served: Served
      do throws(Probe) {
        served = try complete(prompt.prompt, rank: rank, known: prompt.rendered ?? prompt.tokenized)
      } catch {
        add(ranked(Self.problem(error), rank), to: .probe)
        return nil
      }
      compare(prompt, withRead: served.tokens)
      if let tokens = served.cachedTokens, tokens > 0 { add(.cachedAtOnce(tokens), to: .probe) }
      guard let announcer = awaitEvents(of: served.tokens, rank: rank, watch) else {
        if attempt == 1 { judgeMissingEvents(of: served.tokens, rank: rank, watch) }
        continue
      }
      if announcer != rank {
        stray = stray ?? Stray(sent: rank, announced: announcer)
        // The next one may reach the rank whose events are to be seen.
        if attempt == 0 { continue }
      }
      let cached = Cached(text: prompt.prompt, tokens: served.tokens, rank: announcer)
      return repeatProbe(cached, watch, &stray) ? cached : nil
    }
    return nil
  }

  /// Waits for the blocks of a prompt that was just computed.
  ///
  /// - Parameter rank: The one that was asked for.
  /// - Returns: The rank that announced them; nil when none did.
  func awaitEvents(
    of tokens: [TokenID], salt: String? = nil, lora: String? = nil, rank: Int, _ watch: EventWatch
  ) -> Int? {
    let half = settings.timeout.wholeNanoseconds / 2
    let ranks = [rank] + endpoint.sources.indices.filter { $0 != rank }
    func predicted(_ rank: Int) -> Int {
      watch.predict(tokens, salt: salt, lora: lora, rank: rank)
    }
    var announcer: Int?
    _ = watch.wait(until: MonotonicClock.nowNanoseconds() + half) {
      announcer = ranks.first { predicted($0) > 0 }
      return announcer != nil
    }
    guard let announcer else { return nil }
    // More may follow, unless a hybrid model keeps less than the whole prompt.
    _ = watch.wait(until: MonotonicClock.nowNanoseconds() + Self.settleNanoseconds) {
      predicted(announcer) == usable(tokens.count, watch.status(of: announcer)?.blockSize)
    }
    return announcer
  }

  /// A problem of one of several ranks says which.
  private func ranked(_ problem: DoctorProblem, _ rank: Int) -> DoctorProblem {
    problem.of(rank: endpoint.sources[rank].rank, in: endpoint.sources.count)
  }

  /// Says that ranks can't be told apart, and of which of them nothing was seen.
  private func tell(_ stray: Stray, _ watch: EventWatch) {
    let sources = endpoint.sources
    let silent = sources.indices.filter { watch.facts(of: $0).messages == 0 }
    add(
      .otherRank(
        sent: sources[stray.sent].rank, announced: sources[stray.announced].rank,
        silent: silent.map { sources[$0].rank }), to: .events)
  }

  private func usable(_ tokens: Int, _ blockSize: Int?) -> Int {
    blockSize.map { max(tokens - 1, 0) / $0 * $0 } ?? 0
  }

  /// Why nothing is known of a prompt that was served.
  private func judgeMissingEvents(
    of tokens: [TokenID], rank: Int, _ watch: EventWatch
  ) {
    let facts = watch.facts(of: rank)
    let status = watch.status(of: rank)
    func tell(_ problem: DoctorProblem) { add(ranked(problem, rank), to: .events) }
    if let trust = status?.trust, case .mismatched = trust {
      // The events say why, and are judged at the end.
    } else if let size = status?.blockSize ?? engine.blockSize, usable(tokens.count, size) == 0 {
      tell(.tooShort(blockSize: size))
    } else if facts.undecodableMessages + facts.malformedMessages > 0 {
      // Likewise.
    } else if facts.messages == 0 {
      tell(.noEvents)
    } else {
      tell(.foreignEvents(facts.messages, topics: facts.topics))
    }
  }

  /// Sends the prompt again, and once more where another rank has served it.
  ///
  /// - Returns: Whether what was predicted was delivered, as far as it is known who delivered.
  private func repeatProbe(
    _ cached: Cached, _ watch: EventWatch, _ stray: inout Stray?
  ) -> Bool {
    let predicted = watch.predict(cached.tokens, rank: cached.rank)
    askWitness(cached, predicted)
    for _ in 0..<2 {
      let served: Served
      do throws(Probe) {
        served = try complete(cached.text, rank: cached.rank, known: cached.tokens)
      } catch {
        add(ranked(Self.problem(error), cached.rank), to: .probe)
        return false
      }
      guard let delivered = served.cachedTokens else {
        if !hasNote(.usage) {
          add(.noCachedTokens, to: .usage)
          skip(.probe, "the engine does not say what was cached")
        }
        return false
      }
      if !hasNote(.usage) { note("cached_tokens are told", in: .usage) }
      if delivered == predicted {
        noteProof(cached, predicted)
        return true
      }
      guard let other = awaitOther(cached, watch) else {
        add(
          ranked(.wrongPrediction(predicted: predicted, delivered: delivered), cached.rank),
          to: .probe)
        return false
      }
      // Now that rank holds it as well: the next answer tells, unless a third one serves.
      stray = stray ?? Stray(sent: cached.rank, announced: other)
    }
    skip(.probe, "another rank served each time")
    return true
  }

  private func noteProof(_ cached: Cached, _ predicted: Int) {
    let rank = endpoint.sources.count > 1 ? "rank \(endpoint.sources[cached.rank].rank): " : ""
    note(
      "\(rank)\(predicted) of \(cached.tokens.count) tokens predicted and delivered", in: .probe)
  }

  /// Another rank that has computed a prompt, too, and now announces it.
  private func awaitOther(_ cached: Cached, _ watch: EventWatch) -> Int? {
    let others = endpoint.sources.indices.filter { $0 != cached.rank }
    guard !others.isEmpty else { return nil }
    let half = settings.timeout.wholeNanoseconds / 2
    var found: Int?
    _ = watch.wait(until: MonotonicClock.nowNanoseconds() + half) {
      found = others.first { watch.predict(cached.tokens, rank: $0) > 0 }
      return found != nil
    }
    return found
  }

  /// A running indexer that calls its answer exact has to say the same as the events.
  private func askWitness(_ cached: Cached, _ predicted: Int) {
    guard let witness else { return }
    // It knows the endpoint by the model that it is configured for.
    let answer = witness.awaitScore(
      predicted, tokens: cached.tokens, model: engine.isOfOtherModel ? endpoint.model : model,
      endpoint: endpoint.name, until: deadline())
    switch answer {
    case .success(let score) where score.matchedTokens == predicted:
      note("the indexer says \(predicted), too", in: .probe)
    case .success(let score) where score.trust != Trust.exact.name:
      // The step that is about its trust says what is wrong.
      note("the indexer says \(score.matchedTokens) (\(score.trust))", in: .probe)
    case .success(let score):
      add(.serviceDisagrees(said: score.matchedTokens, events: predicted), to: .probe)
    case .failure(let failure): add(.serviceUnreachable(failure.description), to: .probe)
    }
  }
}
