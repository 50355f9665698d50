import EPPScorer
import KVIndexer
import Tokenize

/// What can be said of a request's prompt besides who holds it.
struct KnownPrompt: Sendable {
  /// Exact, or estimated; 0 when nothing is known.
  var promptTokens = 0
  /// Cut into blocks for each approximation, in their order.
  var approximations: [ApproximatePrompt] = []
}

/// All producers of prefix hits, in the order of the plan's.
struct PickerProducers: Sendable {
  enum Producer: Sendable {
    /// An index into `approximations`.
    case approximate(Int)
    case precise(PreciseProducer)
    case remote(RemoteProducer)
  }

  let names: [String]
  let producers: [Producer]
  let approximations: [ApproximateProducer]
  /// The approximation that stands in for precise knowledge: an index into `approximations`.
  let fallback: Int

  /// The producers' types, as configurations call them.
  var types: [String] {
    producers.map { producer in
      switch producer {
      case .approximate: ApproxPrefixCacheProducer.type
      case .precise, .remote: PrecisePrefixCacheProducer.type
      }
    }
  }

  /// The indexer elsewhere that is to be asked; nil when the index is in this process.
  var remote: RemoteProducer? {
    for case .remote(let producer) in producers { return producer }
    return nil
  }

  /// Cuts a request's prompt into blocks for the approximations.
  func read(_ request: ParsedRequest, _ findings: PromptFindings) -> KnownPrompt {
    var known = KnownPrompt(approximations: approximations.map { $0.read(request) })
    known.promptTokens =
      findings.tokenCount ?? known.approximations.first?.promptTokens ?? request.givenTokens
    return known
  }

  /// Says what each endpoint holds of the prompt, for each endpoint with the best that is known.
  func fill(
    _ pool: inout CandidatePool, _ endpoints: [PickerEndpoint], _ known: inout KnownPrompt,
    _ findings: PromptFindings
  ) {
    let promptTokens = known.promptTokens
    let guesses = approximations.indices.map { number in
      approximations[number].hits(
        &known.approximations[number], on: endpoints, promptTokens: promptTokens)
    }
    for (index, producer) in producers.enumerated() {
      let exact: [PrefixHit]?
      switch (producer, findings) {
      case (.approximate(let number), _):
        for (candidate, hit) in guesses[number].enumerated() {
          pool[producer: index, candidate] = hit
        }
        continue
      case (.precise(let producer), _):
        exact = findings.exactPrompt.map { producer.hits($0, on: endpoints) }
      case (.remote(let producer), .scored(let score)) where score.origin != .estimated:
        exact = producer.hits(score, on: endpoints)
      case (.remote, _): exact = nil
      }
      let hits = Self.combine(exact, or: guesses[fallback], because: findings.gap ?? .noTokens)
      for (candidate, hit) in hits.enumerated() {
        pool[producer: index, candidate] = hit
      }
    }
  }

  /// Exact hits where there are any, and guesses with the reason why not.
  private static func combine(
    _ exact: [PrefixHit]?, or guesses: [PrefixHit], because gap: ApproximationCause
  ) -> [PrefixHit] {
    guesses.indices.map { index in
      guard let exact else { return guesses[index].because(gap) }
      switch exact[index].basis {
      case .precise(.exact): return exact[index]
      case .precise: return guesses[index].because(.notExact)
      case .approximate(let cause): return guesses[index].because(cause)
      case .unknown: return guesses[index].because(.noEvents)
      }
    }
  }

  // MARK: Learning

  /// A request was sent to an endpoint.
  ///
  /// - Returns: Names of the reservations that were made.
  func learn(
    _ known: KnownPrompt, _ findings: PromptFindings, on endpoint: PickerEndpoint,
    named name: String,
    now: UInt64
  ) -> [String] {
    for (approximation, prompt) in zip(approximations, known.approximations) {
      approximation.learn(prompt, on: endpoint)
    }
    guard let prompt = findings.exactPrompt else { return [] }
    return producers.flatMap { producer -> [String] in
      guard case .precise(let precise) = producer else { return [] }
      return precise.reserve(prompt, for: endpoint, named: name, now: now)
    }
  }

  /// Takes reservations back.
  func cancel(_ reservations: [String]) {
    guard !reservations.isEmpty else { return }
    for case .precise(let producer) in producers { producer.cancel(reservations) }
  }

  /// The endpoint did not serve the request.
  func forget(_ known: KnownPrompt, on target: Choice.Target) {
    for (approximation, prompt) in zip(approximations, known.approximations) {
      approximation.forget(prompt, candidate: target.candidate, on: target.endpoint)
    }
  }

  /// The engine reused so many tokens.
  func delivered(
    _ cachedTokens: Int, of known: KnownPrompt, promptTokens: Int, on target: Choice.Target,
    now: UInt64
  ) {
    for (approximation, prompt) in zip(approximations, known.approximations) {
      approximation.delivered(
        cachedTokens, of: prompt, promptTokens: promptTokens, candidate: target.candidate,
        on: target.endpoint, now: now)
    }
  }
}

extension PrefixHit {
  fileprivate func because(_ cause: ApproximationCause) -> PrefixHit {
    var hit = self
    hit.basis = .approximate(cause)
    return hit
  }
}
