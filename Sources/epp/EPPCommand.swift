import Service

/// The `epp` command: llm-d's endpoint picker without Kubernetes.
enum EPPCommand {
  static let version = "0.1.0"

  /// Runs with these words; returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    print("epp \(version)")
    return words.isEmpty ? 0 : 2
  }
}
