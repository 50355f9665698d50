/// Scores 1 where an endpoint's label equals a request's header.
///
/// Formula and defaults are those of llm-d's `header-label-affinity-scorer`.
public struct HeaderLabelAffinityScorer: Scorer {
  public static let type = "header-label-affinity-scorer"
  /// The header, in lower case.
  public var headerName: String
  /// The label.
  public var labelKey: String

  /// A plugin with these parameters.
  public init(headerName: String, labelKey: String) {
    self.headerName = headerName
    self.labelKey = labelKey
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    guard let wanted = context.request.headers[headerName] else { return }
    for (index, candidate) in kept.enumerated() {
      let label = context.pool.candidates[candidate].endpoint.labels[labelKey]
      if label == wanted { scores[index] = 1 }
    }
  }
}
