/// Requests that are made up from a seed, sized for a fleet.
package enum Workload: String, CaseIterable, Sendable {
  case sharedPrompts = "shared-prompts"
  case agentic
  case rollouts
  case zeroReuse = "zero-reuse"

  /// One clause for people.
  package var summary: String {
    switch self {
    case .sharedPrompts:
      "shared system prompts × users × turns, 73 % of the fleet's cache, ever more a second"
    case .agentic: "coding agents' sessions from published percentiles, lengths a quarter"
    case .rollouts: "groups of samples of one prompt, in bursts, some of several turns"
    case .zeroReuse: "prompts that have nothing in common"
    }
  }

  static let blockTokens = 512

  /// The requests of a seed.
  ///
  /// - Parameter fleet: What they are sized for: its capacity, or what it computes in a second.
  package func trace(seed: UInt64, fleet: Scenario) -> Trace {
    var random = SplitMix64(seed: SplitMix64.mix(seed ^ 0x776f_726b))
    switch self {
    case .sharedPrompts: return SharedPromptsWorkload(fleet: fleet).trace(&random)
    case .agentic: return AgenticWorkload(fleet: fleet).trace(&random)
    case .rollouts: return RolloutsWorkload(fleet: fleet).trace(&random)
    case .zeroReuse: return ZeroReuseWorkload(fleet: fleet).trace(&random)
    }
  }
}

extension Double {
  /// Seconds in nanoseconds.
  var nanoseconds: UInt64 { UInt64(self * 1e9) }
}
