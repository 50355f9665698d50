extension EndpointScore {
  private static let lowerTierWeight = 0.8

  /// The score that llm-d-kv-cache gives with its default weights: matched blocks, of which those
  /// in the GPU count 1 and those further down 0.8.
  var llmdScore: Double {
    let inGPU = tierTokens[.gpu] / max(blockSize ?? 1, 1)
    return Double(inGPU) + Self.lowerTierWeight * Double(max(matchedBlocks - inGPU, 0))
  }

  /// The name that a list of pods means this endpoint by: its own, or its address with or without
  /// the port.
  func identifier(in pods: [String]) -> String? {
    pods.first {
      $0 == member.name || $0 == member.address || $0 == member.configuration.address.text
    }
  }
}
