import KVIndexer
import Tokenize

/// Turns what a client gives as a prompt into a model and token ids.
///
/// Token ids are taken as they are. A body goes to a renderer as it was written. When no renderer
/// answers in time, the number of tokens is estimated and nothing is made up for their values.
final class PromptResolver: Sendable {
  private let membership: FleetMembership
  private let tokens: TokenSources
  let keySeed = RenderKeySeed()
  private let estimator: PromptEstimator
  private static let estimatedBlockTokens = 16

  init(membership: FleetMembership, tokens: TokenSources) {
    self.membership = membership
    self.tokens = tokens
    estimator = PromptEstimator(blockTokens: Self.estimatedBlockTokens)
  }

  /// What the endpoints say that they serve.
  var servedModels: ServedModels { tokens.servedModels }

  /// What a request says besides its prompt.
  struct Hints: Sendable {
    var model: String?
    var lora: String?
    var cacheSalt: String?
    /// On the monotonic clock, in nanoseconds.
    var deadline: UInt64
  }

  /// Calls `completion` once: at once when the tokens are at hand, else on a renderer's thread, and
  /// at the deadline at the latest.
  func resolve(
    _ input: PromptInput, _ hints: Hints,
    completion: @escaping @Sendable (Result<ResolvedPrompt, HTTPError>) -> Void
  ) {
    do throws(HTTPError) {
      switch input {
      case .tokens(let tokens):
        let names = try names(hints.model, lora: hints.lora)
        let prompt = RenderedPrompt(tokens: tokens, cacheSalt: hints.cacheSalt)
        completion(.success(Self.exact([prompt], names, .given)))
      case .body(let api, let body): try resolve(api, body, hints, completion)
      }
    } catch {
      completion(.failure(error))
    }
  }

  private func resolve(
    _ api: InferenceAPI, _ body: [UInt8], _ hints: Hints,
    _ completion: @escaping @Sendable (Result<ResolvedPrompt, HTTPError>) -> Void
  ) throws(HTTPError) {
    let start = MonotonicClock.nowNanoseconds()
    let request: InferenceRequest
    do throws(RequestBodyError) {
      request = try InferenceRequest(api, parsing: body, keyedBy: keySeed)
    } catch {
      throw HTTPError(error)
    }
    try resolve(request, body: body, since: start, hints, completion: completion)
  }

  /// Resolves the prompt of a request that was parsed with `keySeed`.
  ///
  /// - Parameters:
  ///   - body: What it was parsed from.
  ///   - start: When parsing began, in monotonic nanoseconds.
  func resolve(
    _ request: InferenceRequest, body: [UInt8], since start: UInt64, _ hints: Hints,
    completion: @escaping @Sendable (Result<ResolvedPrompt, HTTPError>) -> Void
  ) throws(HTTPError) {
    let adapter = request.model.flatMap { tokens.servedModels.meaning(of: $0)?.lora }
    let names = try names(
      hints.model ?? request.model, lora: hints.lora ?? request.lora ?? adapter)
    let salt = hints.cacheSalt ?? request.cacheSalt
    if case .tokens(let prompts) = request.prompt {
      let features = request.features
      let given = prompts.map { RenderedPrompt(tokens: $0, features: features, cacheSalt: salt) }
      return completion(.success(Self.exact(given, names, .given).read(by: request)))
    }
    let unread = UnreadPrompt(request: request, body: body, names: names)
    if request.prompt == .embeddings {
      return completion(estimate(unread, "the prompt is made of embeddings, not of tokens"))
    }
    guard let key = request.renderKey else {
      return completion(estimate(unread, "\(RenderFailure.unsupported(request.api))"))
    }
    guard let renderer = tokens.renderer else {
      return completion(estimate(unread, "rendering is switched off"))
    }
    let parsed = MonotonicClock.nowNanoseconds()
    let call = RenderRequest(
      api: request.api, body: body, modelRange: request.modelRange, model: names.model,
      hasMedia: request.hasMedia, key: key, deadline: hints.deadline)
    renderer.render(call) { [self] outcome in
      let resolved =
        switch outcome.prompts {
        case .success(let prompts):
          Result<ResolvedPrompt, HTTPError>.success(
            Self.exact(
              prompts.map { $0.salted(salt) }, names,
              outcome.origin == .cache ? .cached : .rendered
            ).read(by: request))
        case .failure(let failure): estimate(unread, "\(failure)")
        }
      let rendered = MonotonicClock.nowNanoseconds()
      completion(
        resolved.map { $0.timed(parse: parsed &- start, render: rendered &- parsed) })
    }
  }

  private typealias Names = (model: String, lora: String?)

  private static func exact(
    _ prompts: [RenderedPrompt], _ names: Names, _ origin: TokensOrigin
  ) -> ResolvedPrompt {
    ResolvedPrompt(
      model: names.model, lora: names.lora, origin: origin, prompts: prompts,
      tokenCount: prompts.reduce(0) { $0 + $1.tokens.count })
  }

  /// A request whose tokens are not known.
  private struct UnreadPrompt: Sendable {
    var request: InferenceRequest
    var body: [UInt8]
    var names: Names
  }

  /// - Parameter cause: A clause that says why the tokens are not known.
  private func estimate(
    _ unread: UnreadPrompt, _ cause: String
  ) -> Result<ResolvedPrompt, HTTPError> {
    do throws(JSONError) {
      let estimates = try estimator.prompts(of: unread.request, body: unread.body)
      return .success(
        ResolvedPrompt(
          model: unread.names.model, lora: unread.names.lora, origin: .estimated, prompts: [],
          tokenCount: estimates.reduce(0) { $0 + $1.promptTokens },
          reason: "The tokens are estimated, and so nothing matches: \(cause)."))
    } catch {
      return .failure(.invalidRequest("byte \(error.offset) of the body: \(error.message)"))
    }
  }

  // MARK: Models

  /// The model that a request means: the one it names, or the only one there is; and the adapter,
  /// which requests name as if it were a model.
  private func names(_ name: String?, lora: String?) throws(HTTPError) -> Names {
    let roster = membership.roster
    let models = roster.models
    guard let name else {
      if models.count <= 1 { return (models.first ?? "", lora) }
      throw .invalidRequest(
        "model: required, because there are several: \(models.joined(separator: ", "))",
        param: "model")
    }
    if models.contains(name) { return (name, lora) }
    if let meaning = tokens.servedModels.meaning(of: name) {
      return (meaning.model, lora ?? meaning.lora)
    }
    if roster.hasUnnamedModel { return (name, lora) }
    tokens.servedModels.refresh()
    let listed = models.isEmpty ? "none is configured" : models.joined(separator: ", ")
    throw .notFound(
      "no endpoint serves the model '\(name)'; models: \(listed). A LoRA adapter that the "
        + "endpoints do not list goes into `lora`.",
      param: "model")
  }
}

extension RenderedPrompt {
  fileprivate func salted(_ salt: String?) -> RenderedPrompt {
    var prompt = self
    prompt.cacheSalt = salt
    return prompt
  }
}

extension ResolvedPrompt {
  /// Notes whether `request` has the engine look for cached blocks.
  fileprivate func read(by request: InferenceRequest) -> ResolvedPrompt {
    guard !request.readsCache else { return self }
    var prompt = self
    prompt.readsCache = false
    prompt.reason =
      "The engine will use no cached block: the request asks for log probabilities of its prompt, "
      + "or to leave the cache alone."
    return prompt
  }

  fileprivate func timed(parse: UInt64, render: UInt64) -> ResolvedPrompt {
    var prompt = self
    prompt.parseNanoseconds = parse
    prompt.renderNanoseconds = render
    return prompt
  }
}
