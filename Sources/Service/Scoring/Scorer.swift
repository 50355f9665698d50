import EPPScorer
import KVIndexer
package import Tokenize

/// Answers what endpoints hold of a prompt, whichever protocol asks.
package final class Scorer: Sendable {
  private let fleet: SharedFleet
  private let membership: FleetMembership
  private let resolver: PromptResolver
  private let metrics: ServiceMetrics
  private let insight: Insight
  /// How long an answer may take when its request does not say.
  private let deadlineDefault: Duration

  init(
    fleet: SharedFleet, membership: FleetMembership, resolver: PromptResolver,
    metrics: ServiceMetrics, insight: Insight, deadlineDefault: Duration
  ) {
    self.fleet = fleet
    self.membership = membership
    self.resolver = resolver
    self.metrics = metrics
    self.insight = insight
    self.deadlineDefault = deadlineDefault
  }

  /// When a request that arrived at `start` has to be answered, in monotonic nanoseconds.
  package func deadline(_ milliseconds: Int?, from start: UInt64) -> UInt64 {
    start &+ (milliseconds.map { UInt64($0) * 1_000_000 } ?? deadlineDefault.wholeNanoseconds)
  }

  /// Scores one request.
  ///
  /// - Parameters:
  ///   - start: When it arrived, in monotonic nanoseconds.
  ///   - deadline: When the answer is due; what is not known by then is left out and marked.
  ///   - completion: Called once: at once when the tokens are at hand, else on a renderer's thread.
  package func score(
    _ request: ScoreRequest, start: UInt64, deadline: UInt64,
    completion: @escaping @Sendable (Result<ScoreAnswer, HTTPError>) -> Void
  ) {
    let parsed = MonotonicClock.nowNanoseconds()
    let members = membership.members
    let candidates: Set<String>?
    do throws(HTTPError) {
      candidates = try Self.candidates(request.endpoints, among: members)
    } catch {
      finish(.failure(error), start, completion)
      return
    }
    let hints = PromptResolver.Hints(
      model: request.model, lora: request.lora, cacheSalt: request.cacheSalt, deadline: deadline)
    resolver.resolve(request.prompt, hints) { [self] resolved in
      let answer = resolved.map { prompt in
        var answer = match(prompt, request, members, candidates, since: start)
        answer.took.parse = parsed &- start &+ prompt.parseNanoseconds
        answer.took.render = prompt.renderNanoseconds
        return answer
      }
      finish(answer, start, completion)
    }
  }

  /// Remembers what would be answered to a request that names itself, for a report of what came.
  func remember(
    _ prompt: ResolvedPrompt, _ request: ScoreRequest, _ candidates: Set<String>?,
    since start: UInt64
  ) {
    guard request.requestID != nil else { return }
    _ = match(prompt, request, membership.members, candidates, since: start)
  }

  /// Counts a request that was refused before it came here.
  func reject() { metrics.scores[.rejected].add() }

  private func finish(
    _ answer: Result<ScoreAnswer, HTTPError>, _ start: UInt64,
    _ completion: (Result<ScoreAnswer, HTTPError>) -> Void
  ) {
    let total = MonotonicClock.nowNanoseconds() &- start
    switch answer {
    case .success(var answer):
      answer.took.total = total
      metrics.scores[.answered].add()
      metrics.tokensFrom[answer.origin].add()
      metrics.scoreLatency.observe(Double(total) / 1e9)
      completion(.success(answer))
    case .failure(let error):
      reject()
      completion(.failure(error))
    }
  }

  /// The endpoints that a request names; nil when it names none.
  func candidates(_ names: [String]?) throws(HTTPError) -> Set<String>? {
    try Self.candidates(names, among: membership.members)
  }

  private static func candidates(
    _ names: [String]?, among members: [FleetMembership.Member]
  ) throws(HTTPError) -> Set<String>? {
    guard let names else { return nil }
    for name in names where !members.contains(where: { $0.name == name }) {
      let nearest = nearestName(to: name, among: members.map(\.name))
      throw .notFound(
        "there is no endpoint '\(name)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""),
        param: "endpoints")
    }
    return Set(names)
  }

  // MARK: Matching

  private func match(
    _ prompt: ResolvedPrompt, _ request: ScoreRequest, _ members: [FleetMembership.Member],
    _ candidates: Set<String>?, since arrival: UInt64
  ) -> ScoreAnswer {
    var endpoints = members.compactMap { member in
      let isMeant = candidates?.contains(member.name) ?? true
      let isServing = member.model.isEmpty || member.model == prompt.model
      return isMeant && isServing ? EndpointScore(member: member) : nil
    }
    var took = ScoreAnswer.Timings()
    var matches = FleetMatches()
    var hashed: [HashedPrompt] = []
    // A prompt of no tokens matches nothing, and still tells the endpoints' states.
    let isLookedUp = prompt.readsCache && !prompt.prompts.isEmpty
    for text in isLookedUp ? prompt.prompts : [RenderedPrompt(tokens: [])] {
      let start = MonotonicClock.nowNanoseconds()
      let keys = HashedPrompt(fleet.keys(of: text, model: prompt.model, lora: prompt.lora))
      let hashedAt = MonotonicClock.nowNanoseconds()
      fleet.read { $0.match(keys.keys, model: prompt.model, into: &matches) }
      for index in endpoints.indices {
        endpoints[index].add(matches, detail: request.detail)
      }
      hashed.append(keys)
      took.hash &+= hashedAt &- start
      took.match &+= MonotonicClock.nowNanoseconds() &- hashedAt
    }
    for index in endpoints.indices {
      endpoints[index].score = PrefixScore(countsReservations: false)(
        matchedTokens: endpoints[index].matchedTokens,
        reservedTokens: endpoints[index].reservedTokens, promptTokens: prompt.tokenCount)
    }
    if let id = request.requestID {
      insight.scored(endpoints, prompt, hashed, requestID: id, since: arrival)
    }
    if let topK = request.topK {
      endpoints.sort { ($1.score, $0.member.name) < ($0.score, $1.member.name) }
      endpoints = Array(endpoints.prefix(topK))
    }
    return ScoreAnswer(
      model: prompt.model, promptTokens: prompt.tokenCount, origin: prompt.origin,
      reason: prompt.reason, endpoints: endpoints,
      tokens: request.returnsTokens ? prompt.prompts.map(\.tokens) : nil, took: took)
  }
}

extension EndpointScore {
  fileprivate init(member: FleetMembership.Member) {
    self.member = member
    trust = nil
  }

  /// Adds what the endpoint's best rank holds of one prompt.
  fileprivate mutating func add(_ matches: borrowing FleetMatches, detail: Bool) {
    var best: PrefixMatch?
    for source in member.sources {
      guard let match = matches[source.id] else { continue }
      if detail { ranks.append(match) }
      if best.map({ match.matchedTokens > $0.matchedTokens }) ?? true { best = match }
    }
    guard let best else { return }
    blockSize = best.blockSize
    trust = best.trust
    matchedTokens += best.matchedTokens
    reservedTokens += best.reservedTokens
    tierTokens += best.tierTokens
  }
}
