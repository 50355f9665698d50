/// Resident memory over a run, in lines of text.
struct SoakChart {
  private static let barWidth = 48

  private(set) var samples: [(stored: Int, bytes: Int)] = []

  mutating func add(stored: Int, bytes: Int) { samples.append((stored, bytes)) }

  /// The spread of the samples after the first `warmUp` of them, as a share of their mean.
  func spread(after warmUp: Int) -> Double {
    let sizes = samples.dropFirst(warmUp).map { Double($0.bytes) }
    guard let lowest = sizes.min(), let highest = sizes.max() else { return .infinity }
    return (highest - lowest) / (sizes.reduce(0, +) / Double(sizes.count))
  }

  /// One line for every other sample.
  var text: String {
    let most = samples.map(\.bytes).max() ?? 1
    return samples.indices.filter { $0 % 2 == 1 }.map { index in
      let sample = samples[index]
      let bar = String(repeating: "█", count: sample.bytes * Self.barWidth / most)
      let stored = (Double(sample.stored) / 1e6).short + " M blocks"
      let size = (Double(sample.bytes) / Double(1 << 20)).short + " MiB"
      return "  " + stored.padded(to: 16) + size.padded(to: 10) + bar
    }.joined(separator: "\n")
  }
}
