import KVIndexer

/// New prompts that are sent twice, and what was predicted of them.
extension Examination {
  /// What a step that waits for events gives those that follow the first one.
  private static let settleNanoseconds: UInt64 = 1_000_000_000

  /// Sends a new prompt to every rank twice, and to the first one with a salt and an adapter.
  func probe(_ watch: EventWatch, _ texts: ExaminedText) {
    var cached: Cached?
    for index in endpoint.sources.indices where !interruption.isStopped {
      let first = index == 0 ? texts : renderAgain()
      if let found = probe(rank: index, watch, first) { cached = cached ?? found }
    }
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

  /// The prompt of another rank or attempt: its tokens, without judging the renderer again.
  private func renderAgain() -> ExaminedText {
    let text = newText()
    return ExaminedText(prompt: text, rendered: nil, tokenized: nil)
  }

  /// - Returns: The prompt, if it is cached and known to be.
  private func probe(rank: Int, _ watch: EventWatch, _ texts: ExaminedText) -> Cached? {
    // Events that were published before the subscription took hold are missed: once is no proof.
    for attempt in 0..<2 where !interruption.isStopped {
      let prompt = attempt == 0 ? texts : renderAgain()
      let served: Served
      do throws(Probe) {
        served = try complete(prompt.prompt, rank: rank, known: prompt.rendered ?? prompt.tokenized)
      } catch {
        add(Self.problem(error), to: .probe)
        return nil
      }
      if rank == 0, attempt == 0 { compare(texts, withRead: served.tokens) }
      if let tokens = served.cachedTokens, tokens > 0 { add(.cachedAtOnce(tokens), to: .probe) }
      if awaitEvents(of: served.tokens, rank: rank, watch) {
        let cached = Cached(text: prompt.prompt, tokens: served.tokens, rank: rank)
        return repeatProbe(cached, watch) ? cached : nil
      }
      guard attempt == 1 else { continue }
      judgeMissingEvents(of: served.tokens, rank: rank, watch)
    }
    return nil
  }

  /// Waits for the blocks of a prompt that was just computed.
  func awaitEvents(
    of tokens: [TokenID], salt: String? = nil, lora: String? = nil, rank: Int, _ watch: EventWatch
  ) -> Bool {
    let half = settings.timeout.wholeNanoseconds / 2
    func predicted() -> Int { watch.predict(tokens, salt: salt, lora: lora, rank: rank) }
    guard watch.wait(until: MonotonicClock.nowNanoseconds() + half, { predicted() > 0 }) else {
      return false
    }
    // More may follow, unless a hybrid model keeps less than the whole prompt.
    _ = watch.wait(until: MonotonicClock.nowNanoseconds() + Self.settleNanoseconds) {
      predicted() == usable(tokens.count, watch.status(of: rank)?.blockSize)
    }
    return true
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
    let number = endpoint.sources[rank].rank
    func tell(_ problem: DoctorProblem) {
      add(problem.of(rank: number, in: endpoint.sources.count), to: .events)
    }
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

  /// Sends the prompt again.
  ///
  /// - Returns: Whether what was predicted was delivered.
  private func repeatProbe(_ cached: Cached, _ watch: EventWatch) -> Bool {
    let predicted = watch.predict(cached.tokens, rank: cached.rank)
    let number = endpoint.sources[cached.rank].rank
    let ranks = endpoint.sources.count
    askWitness(cached, predicted)
    let served: Served
    do throws(Probe) {
      served = try complete(cached.text, rank: cached.rank, known: cached.tokens)
    } catch {
      add(Self.problem(error).of(rank: number, in: ranks), to: .probe)
      return false
    }
    guard let delivered = served.cachedTokens else {
      if cached.rank == 0 {
        add(.noCachedTokens, to: .usage)
        skip(.probe, "the engine does not say what was cached")
      }
      return false
    }
    if cached.rank == 0 { note("cached_tokens are told", in: .usage) }
    guard delivered == predicted else {
      add(
        .wrongPrediction(predicted: predicted, delivered: delivered, ranks: ranks)
          .of(rank: number, in: ranks), to: .probe)
      return false
    }
    let ranked = ranks > 1 ? "rank \(number): " : ""
    note(
      "\(ranked)\(predicted) of \(cached.tokens.count) tokens predicted and delivered", in: .probe)
    return true
  }

  /// A running indexer has to say the same as the events.
  private func askWitness(_ cached: Cached, _ predicted: Int) {
    guard let witness else { return }
    let deadline = deadline()
    let answer = witness.awaitScore(
      predicted, tokens: cached.tokens, model: model, endpoint: endpoint.name, until: deadline)
    switch answer {
    case .success(let score) where score.matchedTokens == predicted:
      note("the indexer says \(predicted), too", in: .probe)
    case .success(let score):
      add(
        .serviceDisagrees(said: score.matchedTokens, events: predicted, trust: score.trust),
        to: .probe)
    case .failure(let failure): add(.serviceUnreachable(failure.description), to: .probe)
    }
  }
}
