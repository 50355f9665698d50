/// Upper bounds of buckets, as llm-d's dashboards expect them.
enum PickerBuckets {
  static let requestSeconds: [Double] =
    firstTokenSeconds + [180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600]
  static let firstTokenSeconds: [Double] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
    60, 120,
  ]
  static let perOutputTokenSeconds: [Double] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
  ]
  static let streamedTokenSeconds: [Double] = [
    0.0005, 0.00205, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6,
    0.8, 1, 2,
  ]
  static let betweenChunksSeconds: [Double] = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2,
  ]
  static let schedulingSeconds: [Double] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
  ]
  static let requestProcessingSeconds: [Double] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
  ]
  static let responseProcessingSeconds: [Double] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
  ]

  static let requestBytes: [Double] = (6...30).map { Double(1 << $0) }
  // 32,778 is how llm-d spells 32,768, and queries name buckets by their bounds.
  static let responseBytes: [Double] = outputTokens + [16384, 32778, 65536]
  static let inputTokens: [Double] = responseBytes + [131072, 262144, 524288, 1_048_576]
  static let outputTokens: [Double] = [1] + (3...13).map { Double(1 << $0) }

  static let hitRatio: [Double] = (0...10).map { Double($0) / 10 }
  static let hitBytes: [Double] = [0] + (4...16).map { Double(1 << $0) }

  /// Ours, of delivered less predicted tokens: one bucket holds nothing but zero.
  static let predictionErrorTokens: [Double] =
    shortfalls + [0] + shortfalls.dropLast().reversed().map { -$0 }
  private static let shortfalls: [Double] = [-65536, -16384, -4096, -1024, -256, -64, -16, -1]
  static let decisionSeconds: [Double] = [1e-6, 2e-6, 5e-6] + Histogram.latencySeconds
}
