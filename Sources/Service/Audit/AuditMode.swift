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
