import KVIndexer
import Tokenize

/// What can be wrong with prompts: how they become tokens, and what is reused of them.
extension DoctorProblem {
  static func rendering(_ failure: RenderFailure, path: String) -> DoctorProblem {
    let mend =
      switch failure {
      case .disabled:
        "Start vLLM with `--enable-scale-out` (before 0.29 it is always on; between, the variable "
          + "VLLM_ENABLE_SCALE_OUT_ENDPOINTS=1), or give a renderer: `--render-url URL` "
          + "(`vllm launch render`), or `--render-url off` where only token ids are sent."
      case .unauthorized:
        "Give its key: `doctor --api-key-file FILE`, and `serve --render-token-file FILE`."
      case .unknownModel: "Give the renderer the served name, or use `serve --render-model NAME`."
      default: "Look into the renderer's log."
      }
    var isDisabled = false
    var found = "POST \(path): \(failure)."
    if case .disabled(let status) = failure {
      isDisabled = true
      found = "POST \(path) answers \(status): its render endpoints are off."
    }
    return .fault(
      isDisabled ? "render_disabled" : "render_failing", found,
      matters: "Prompts that are text can't be turned into tokens: they match nothing, and are "
        + "routed by an approximation or by load.",
      mend: mend)
  }

  static func renderDisagrees(with whom: String) -> DoctorProblem {
    .fault(
      "render_disagrees", "A text renders to other tokens than those \(whom).",
      matters: "Prompts are looked up under tokens that the engine never sees: they match nothing.",
      mend: "Render with the engine's own model and tokenizer: compare `--model`, `--tokenizer`, "
        + "`--chat-template` and the version of the renderer.")
  }

  static var noCachedTokens: DoctorProblem {
    .warning(
      "no_cached_tokens", "Responses do not say how much of a prompt was cached.",
      matters: "Predictions can't be compared with what was delivered: errors stay unseen, and a "
        + "source that drifts is not found out.",
      mend: "Start vLLM with `--enable-prompt-tokens-details`.")
  }

  static func probeFailed(_ reason: String) -> DoctorProblem {
    .fault(
      "probe_failed", "A short completion was not served: \(reason).",
      matters: "The engine answers, but does not generate.",
      mend: "Look into the engine's log; where it is only slow, use a longer `--timeout`.")
  }

  static func cachedAtOnce(_ tokens: Int) -> DoctorProblem {
    .warning(
      "cached_at_once", "\(tokens) tokens of a prompt that was never sent before were cached.",
      matters: "The engine says of its cache what can't be: delivered tokens mean nothing.",
      mend: "See whether a proxy answers in the engine's place.")
  }

  static func tooShort(blockSize: Int) -> DoctorProblem {
    .warning(
      "probe_too_short", "No prompt that fits the model fills a block of \(blockSize) tokens.",
      matters: "The engine can reuse nothing of prompts of that length.",
      mend: "Use a smaller `--block-size` or a longer `--max-model-len`.")
  }

  static func wrongPrediction(predicted: Int, delivered: Int) -> DoctorProblem {
    let cause =
      delivered == 0
      ? "It was served by another engine than the first time, or the cache was emptied in between"
      : "Other traffic may have evicted or stored blocks in between"
    return .fault(
      "wrong_prediction",
      "Sent again, \(predicted) tokens were predicted and \(delivered) delivered.",
      matters: "Endpoints are chosen for what they do not hold.",
      mend: "\(cause). Run it again; if it stays so, see that `port` leads to one engine, "
        + "not to a load balancer.")
  }

  static func serviceDisagrees(said: Int, events: Int) -> DoctorProblem {
    .fault(
      "service_disagrees",
      "The indexer says \(said) tokens and calls that exact, the engine's events say \(events).",
      matters: "Requests are routed by what the indexer says.",
      mend: "See that the indexer follows this engine (`kvindexer sources`), then have it learnt "
        + "anew: `POST /v1/sources/ID/resync`.")
  }

  /// - Parameters:
  ///   - sent: The rank that a request named, and then the one that announced its blocks.
  ///   - silent: Ranks that announced nothing at all.
  static func otherRank(sent: Int, announced: Int, silent: [Int]) -> DoctorProblem {
    let names = silent.map(String.init).joined(separator: ", ")
    let unknown =
      silent.isEmpty
      ? "" : " Nothing came of rank \(names): whether its events flow is not known."
    return .warning(
      "other_rank",
      "A prompt for rank \(sent) (`X-data-parallel-rank`) was announced by rank \(announced)."
        + unknown,
      matters: "Which rank serves a request can't be chosen from here: what is predicted is what "
        + "the best rank holds, and another one may serve.",
      mend: "See that no proxy drops the header. Where it arrives, the events of two ranks are "
        + "exchanged: rank r publishes at the port of `kvEvents.endpoint` plus r.")
  }

  // MARK: Salt and adapters

  static func saltIgnored(_ delivered: Int) -> DoctorProblem {
    .fault(
      "salt_ignored",
      "\(delivered) tokens were reused of a prompt that was cached under another `cache_salt`.",
      matters: "The engine does not keep tenants apart; predictions assume that it does.",
      mend: "Use vLLM 0.9 or later, and see that no proxy drops the field `cache_salt`.")
  }

  static var saltNotAnnounced: DoctorProblem {
    .warning(
      "salt_not_announced", "The events of a salted prompt do not carry its salt (`extra_keys`).",
      matters:
        "Salted prompts are taken for unsalted ones: both match where neither can be reused.",
      mend: "Use vLLM 0.24 or later; until then send no `cache_salt` through it.")
  }

  static func adapterIgnored(_ adapter: String, _ delivered: Int) -> DoctorProblem {
    .fault(
      "adapter_ignored",
      "\(delivered) tokens that the base model had cached were reused for the adapter '\(adapter)'.",
      matters: "Predictions assume that adapters and the base model share nothing.",
      mend: "See that '\(adapter)' is an adapter (`--lora-modules`), not an alias of the model.")
  }

  static func adapterNotAnnounced(_ adapter: String) -> DoctorProblem {
    .warning(
      "adapter_not_announced",
      "The events of a prompt for the adapter '\(adapter)' do not name it (`lora_name`).",
      matters: "Prompts of adapters match nothing, or what the base model holds.",
      mend: "Use vLLM 0.24 or later.")
  }

  static func adapterMissing(_ adapter: String, served: [String]) -> DoctorProblem {
    let found = served.isEmpty ? "no adapter" : served.map { "'\($0)'" }.joined(separator: ", ")
    return .fault(
      "adapter_missing", "The engine serves \(found), and not the adapter '\(adapter)'.",
      matters:
        "Requests that name it are refused by this engine, and nothing of it is cached here.",
      mend: "Start vLLM with `--enable-lora --lora-modules \(adapter)=PATH`, or compare `--lora`.")
  }

  // MARK: A running indexer

  static func notFollowed() -> DoctorProblem {
    .fault(
      "not_followed", "The indexer follows no events of this endpoint.",
      matters:
        "Nothing of what it caches is known: it is routed to by an approximation or by load.",
      mend: "Give it `kvEvents` with an `endpoint` of its own.")
  }

  static func rendererUnusable(_ name: String, _ status: String, _ reason: String?) -> DoctorProblem
  {
    .fault(
      "renderer_unusable",
      "The indexer's renderer \(name) is \(status)\(reason.map { ": \($0)" } ?? "").",
      matters: "Prompts that are text are turned into tokens by the other renderers, or by none.",
      mend: "Mend what the step `render` finds, or give another one: `serve --render-url URL`.")
  }

  static func serviceUnreachable(_ reason: String) -> DoctorProblem {
    .fault(
      "service_unreachable", "The indexer does not answer: \(reason).",
      matters: "Whoever asks it routes without it.",
      mend: "See that it runs, and compare `--server` with its `--listen`.")
  }

  /// The same of one rank of several.
  func of(rank: Int, in ranks: Int) -> DoctorProblem {
    guard ranks > 1 else { return self }
    var problem = self
    problem.found = "Rank \(rank): \(found)"
    return problem
  }
}
