import Service

extension FaultStand {
  /// Asks about one prompt, and holds the answer against the truth.
  func ask() throws { try ask(random.below(mix.prompts.count)) }

  /// - Returns: Whether the answer is exact and as of now for all engines.
  @discardableResult
  private func ask(_ prompt: Int) throws -> Bool {
    let asked = MonotonicClock.nowNanoseconds()
    guard let answer = try indexer.score(mix.prompts[prompt]) else { return false }
    var isRight = true
    for engine in engines {
      let names = engine === subject ? [engine.name] + aliases : [engine.name]
      let said = names.map { name in answer.endpoints.first { $0.name == name } }
      if engine === subject {
        record.note(state: Self.state(said), at: MonotonicClock.nowNanoseconds())
      }
      for said in said {
        let isThisRight = judge(said, of: engine, prompt, asked)
        if engine === subject || !fault.setup.reachesAll { isRight = isRight && isThisRight }
      }
    }
    return isRight
  }

  /// - Returns: Whether what is said of an engine is exact and as of now.
  private func judge(
    _ said: RemoteScore.Endpoint?, of engine: FaultyEngine, _ prompt: Int, _ asked: UInt64
  ) -> Bool {
    let truth = engine.truth[prompt]
    let place = "\(fault.name), seed \(seed): engine \(engine.name), prompt \(prompt)"
    guard let said, said.trust == .exact else {
      if let said, said.matchedTokens > 0, said.trust?.credits != true {
        record.noteFailure("\(place): \(said.matchedTokens) tokens although \(said.trustName)")
      }
      return false
    }
    record.exactAnswers += 1
    let age = truth.age(of: said.matchedTokens, at: asked)
    record.oldestExact = max(record.oldestExact, Double(age ?? 0) / 1e6)
    if age ?? .max > Self.lagBound {
      record.wrong += 1
      record.noteFailure(
        "\(place): exact \(said.matchedTokens) tokens, the engine holds \(truth.current); "
          + (age.map { "true \(Double($0) / 1e6) ms ago" } ?? "never true"))
    }
    return said.matchedTokens == truth.current
  }

  /// The state of an engine under all its names; they should be one.
  private static func state(_ said: [RemoteScore.Endpoint?]) -> String {
    let states = said.map { said in
      guard let said else { return "unlisted" }
      guard let cause = said.trust?.cause else { return said.trustName }
      return "\(said.trustName)(\(cause))"
    }
    return Set(states).sorted().joined(separator: " and ")
  }

  private func isAllRight() throws -> Bool {
    var isRight = true
    for prompt in mix.prompts.indices {
      let isThisRight = try ask(prompt)
      isRight = isRight && isThisRight
    }
    return isRight
  }

  // MARK: Waiting

  /// Waits until the engines are exact before the fault.
  ///
  /// On a busy machine the intake may have stalled before its time, and what it lost may be out of
  /// reach of a replay: an empty cache is a known cache.
  func prepare() throws {
    let deadline = Deadline(seconds: Self.endSeconds)
    var patience = Deadline(seconds: 1)
    while try !isAllRight(), !deadline.hasPassed {
      Pause.microseconds(2000)
      guard patience.hasPassed else { continue }
      for engine in engines where engine.resetPrefixCache() {
        try serve(mix.request(), on: engine, asking: false)
      }
      patience = Deadline(seconds: 1)
    }
    try waitUntilExact()
  }

  /// Waits until every answer is exact and as of now.
  func waitUntilExact() throws {
    try wait("the engines do not become exact") { try isAllRight() }
  }

  /// Looks until something holds.
  func wait(_ complaint: String, until condition: () throws -> Bool) throws {
    let deadline = Deadline(seconds: Self.endSeconds)
    while try !condition() {
      guard !deadline.hasPassed else {
        throw SystemError("run \(fault.name), seed \(seed)", reason: complaint)
      }
      Pause.microseconds(2000)
    }
  }

  /// Without replays, messages before the subscription stands would be lost.
  func waitUntilFollowed(by other: IndexerUnderTest? = nil) throws {
    try wait("nothing is followed") {
      let answer = try (other ?? indexer).score(mix.prompts[0])
      return answer?.endpoints.allSatisfy { $0.trust != .connecting } ?? false
    }
    // A connection stands a moment before its subscription.
    try watch(milliseconds: 40)
  }

  /// Leaves the engines alone, and asks until the state is one that may be the end.
  func settle() throws {
    let frozen = MonotonicClock.nowNanoseconds()
    let deadline = Deadline(seconds: Self.endSeconds)
    while !deadline.hasPassed, record.wrong < Self.wrongMax {
      for _ in 0..<4 { try ask() }
      Pause.microseconds(5000)
      let now = MonotonicClock.nowNanoseconds()
      guard now > frozen + Self.lagBound else { continue }
      let rest = record.isPassing ? Self.settledPassing : Self.settled
      if now > frozen + rest, record.isSettled(in: fault.end, since: now - rest) {
        record.end = .honest(record.state)
        return
      }
      if fault.end.allowsExact || record.exactSince.map({ now > $0 + Self.settled }) ?? false,
        try isAllRight()
      {
        record.end = .exact
        return
      }
    }
    record.end = .unsettled(record.state)
  }
}
