/// How sources are audited.
package struct AuditSettings: Sendable {
  package var mode = AuditMode.resync
  /// How long lost events may still come back before what is known is given up.
  package var patience = Duration.seconds(30)

  package init() {}
}

/// What follows when predictions and deliveries contradict each other.
package enum AuditMode: String, Sendable, CaseIterable {
  /// Nothing is compared.
  case off
  /// The source says that it is not exact.
  case report
  /// It says so, and what it holds is learnt anew.
  case resync

  /// Every name, as help and errors list them.
  package static var names: String {
    allCases.map(\.rawValue).joined(separator: ", ")
  }
}
