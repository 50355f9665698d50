/// A stretch of work in a trace, when it is over.
package struct Span: Sendable, Equatable {
  package enum Kind: UInt32, Sendable {
    case `internal` = 1
    case server = 2
  }

  package enum Value: Sendable, Equatable {
    case string(String)
    case bool(Bool)
    case int(Int)
    case double(Double)
  }

  package struct Attribute: Sendable, Equatable {
    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  package var context: TraceContext
  /// Zero for the first of a trace.
  package var parent: UInt64
  package var name: String
  package var kind: Kind
  /// In Unix nanoseconds.
  package var start: UInt64
  package var end: UInt64
  package var attributes: [Attribute] = []
  /// What went wrong; nil when nothing did.
  package var fault: String?
}
