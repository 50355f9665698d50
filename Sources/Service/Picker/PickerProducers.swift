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

/// What each kind of knowledge says of a prompt, before they are put together.
struct PromptPredictions: Sendable {
  /// From the index, one a candidate; nil where nothing exact was asked.
  var precise: [PrefixHit]?
  /// From the approximation that stands in, one a candidate; nil where there is none.
  var approximate: [PrefixHit]?
  /// Of each prompt that was looked up in this process.
  var keys: [HashedPrompt] = []
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
  /// What predicts precisely beside a plan that does not; nil where nothing does.
  let shadow: PreciseProducer?

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

  /// The producer that knows the index in this process, of the plan or beside it.
  var precise: PreciseProducer? {
    for case .precise(let producer) in producers { return producer }
    return shadow
  }

  /// Cuts a request's prompt into blocks for the approximations.
  func read(_ request: ParsedRequest, _ findings: PromptFindings) -> KnownPrompt {
    var known = KnownPrompt(approximations: approximations.map { $0.read(request) })
    known.promptTokens =
      findings.tokenCount ?? known.approximations.first?.promptTokens ?? request.givenTokens
    return known
  }

  /// Says what each endpoint holds of the prompt, for each endpoint with the best that is known.
  ///
  /// - Returns: What that was put together from.
  func fill(
    _ pool: inout CandidatePool, _ endpoints: [PickerEndpoint], _ known: inout KnownPrompt,
    _ findings: PromptFindings
  ) -> PromptPredictions {
    let promptTokens = known.promptTokens
    let guesses = approximations.indices.map { number in
      approximations[number].hits(
        &known.approximations[number], on: endpoints, promptTokens: promptTokens)
    }
    var predictions = PromptPredictions(
      approximate: guesses.indices.contains(fallback) ? guesses[fallback] : nil)
    for (index, producer) in producers.enumerated() {
      switch (producer, findings) {
      case (.approximate(let number), _):
        for (candidate, hit) in guesses[number].enumerated() {
          pool[producer: index, candidate] = hit
        }
        continue
      case (.precise(let producer), _):
        if let prompt = findings.exactPrompt {
          (predictions.precise, predictions.keys) = producer.hits(prompt, on: endpoints)
        }
      case (.remote(let producer), .scored(let score)) where score.origin != .estimated:
        predictions.precise = producer.hits(score, on: endpoints)
      case (.remote, _): break
      }
      let hits = Self.combine(
        predictions.precise, or: guesses[fallback], because: findings.gap ?? .noTokens)
      for (candidate, hit) in hits.enumerated() {
        pool[producer: index, candidate] = hit
      }
    }
    return predictions
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
  /// - Parameter keys: Those that `fill` gave.
  /// - Returns: Names of the reservations that were made.
  func learn(
    _ known: KnownPrompt, _ findings: PromptFindings, _ keys: [HashedPrompt],
    on endpoint: PickerEndpoint, named name: String, now: UInt64
  ) -> [String] {
    for (approximation, prompt) in zip(approximations, known.approximations) {
      approximation.learn(prompt, on: endpoint)
    }
    return reserve(findings, keys, on: endpoint, named: name, now: now)
  }

  /// Claims that an endpoint will hold the prompts of a request soon.
  func reserve(
    _ findings: PromptFindings, _ keys: [HashedPrompt], on endpoint: PickerEndpoint,
    named name: String, now: UInt64
  ) -> [String] {
    guard let prompt = findings.exactPrompt, let precise else { return [] }
    return precise.reserve(prompt, keys, for: endpoint, named: name, now: now)
  }

  /// Takes reservations back.
  func cancel(_ reservations: [String]) {
    precise?.cancel(reservations)
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
