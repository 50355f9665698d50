/// What administrators do to sources, as paths, metrics and logs name it.
enum SourceChange: String, MetricLabel {
  case clear, resync, incarnation

  static let labelName = "change"

  /// What the log says that somebody did.
  var deed: String {
    switch self {
    case .clear: "declared its cache empty"
    case .resync: "asked for a resync"
    case .incarnation: "declared its cache empty and all before it void"
    }
  }
}
