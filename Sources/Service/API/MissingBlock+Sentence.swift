import KVIndexer

extension MissingBlock.Cause {
  /// The cause's name in answers.
  var name: String {
    switch self {
    case .neverStored: "never_stored"
    case .lost(let loss): loss.cause.name
    case .otherNamespace: "other_namespace"
    case .groupUnusable: "group_unusable"
    case .lowerTier: "lower_tier"
    case .sourceNotExact: "source_not_exact"
    }
  }

  /// When it began to hold, as far as that is known.
  var since: CoarseTime? {
    switch self {
    case .neverStored(let since): since
    case .lost(let loss): loss.at
    case .otherNamespace, .groupUnusable, .lowerTier, .sourceNotExact: nil
    }
  }
}

extension BlockLoss.Cause {
  var name: String {
    switch self {
    case .evicted: "evicted"
    case .cleared: "cleared"
    case .restarted: "restarted"
    case .budget: "budget"
    }
  }
}

extension SourceExplanation {
  /// One sentence on why no more is reused; nil when everything is.
  func sentence(now: CoarseTime) -> String? {
    guard let missing else { return nil }
    let size = blockSize ?? 1
    let first = missing.block * size
    let block = "Block \(missing.block) (tokens \(first)–\(first + size - 1))"
    let hole = missing.isHole ? " The block behind it is there, but useless without it." : ""
    func ago(_ time: CoarseTime) -> String { Self.text(seconds: time.seconds(until: now)) + " ago" }
    switch missing.cause {
    case .neverStored(let since):
      return "\(block) was not stored \(origin(since, now: now)).\(hole)"
    case .lost(let loss):
      let (what, tier) = (loss.cause.clause, loss.tier == .gpu ? "" : " (\(loss.tier.name))")
      return "\(block) was here\(tier): \(what) \(ago(loss.at)).\(hole)"
    case .otherNamespace(let name, let tokens):
      return "\(block) is not here under this name, but \(tokens) tokens are \(name.clause)."
    case .groupUnusable(let group):
      return "Cache group \(group) lacks what it takes to go on at block \(missing.block), "
        + "though the main group has it."
    case .lowerTier(let tier):
      return "\(block) is in the \(tier.name) tier, whose blocks do not continue the prefix here."
    case .sourceNotExact(let trust):
      return trust.reason ?? "The source is \(trust.name)."
    }
  }

  private func origin(_ since: CoarseTime, now: CoarseTime) -> String {
    let time = Self.text(seconds: since.seconds(until: now))
    switch emptiedCause {
    case .cleared? where emptied == since: return "since the cache was emptied \(time) ago"
    case .restarted? where emptied == since: return "since the engine restarted \(time) ago"
    default: return "in the last \(time), which is as far back as is remembered"
    }
  }

  private static func text(seconds: Double) -> String {
    if seconds < 120 { return "\((seconds * 10).rounded() / 10) s" }
    return seconds < 7200 ? "\(Int(seconds / 60)) min" : "\(Int(seconds / 3600)) h"
  }
}

extension BlockLoss.Cause {
  fileprivate var clause: String {
    switch self {
    case .evicted: "the engine evicted it"
    case .cleared: "the engine's cache was cleared"
    case .restarted: "the engine was restarted"
    case .budget: "it was dropped to keep the index within --memory-budget"
    }
  }
}

extension PromptNamespace {
  fileprivate var clause: String {
    var parts = [isSalted ? "with the salt" : "without a salt"]
    parts.append(lora.map { "for the adapter \($0)" } ?? "without an adapter")
    if !model.isEmpty { parts.append("under the model \(model)") }
    return parts.joined(separator: ", ")
  }
}
