/// Something that is wrong with a configuration, or worth a warning.
public struct ConfigurationFinding: Equatable, Sendable, CustomStringConvertible {
  public enum Severity: Equatable, Sendable { case fault, warning }

  public var severity: Severity
  /// The way to the place, for example `plugins[2].parameters.lruSize`; empty for the whole.
  public var path: String
  public var message: String

  /// A finding.
  public init(_ severity: Severity, path: String, _ message: String) {
    self.severity = severity
    self.path = path
    self.message = message
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// Everything that keeps a configuration from being used.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  public var faults: [ConfigurationFinding]

  /// An error of at least one fault.
  public init(_ faults: [ConfigurationFinding]) { self.faults = faults }

  public var description: String { faults.map(\.description).joined(separator: "\n") }
}
