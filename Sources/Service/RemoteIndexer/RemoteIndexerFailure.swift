import Tokenize

/// Why another process's indexer has no answer.
package struct RemoteIndexerFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Kind: String, Sendable, MetricLabel {
    /// It failed before and is not asked until it answers a trial.
    case open
    case timedOut = "timed_out"
    case unreachable
    /// It refuses the question: a model that it does not know, a body that it can't read.
    case refused
    /// It wants another key.
    case unauthorized
    /// It has too much to do, or this process asks too much at a time.
    case overloaded
    /// It answered what is no answer.
    case badAnswer = "bad_answer"
    case stopped
    package static let labelName = "reason"
  }

  package var kind: Kind
  package var description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  init(_ error: HTTPClientError) {
    description = error.message
    kind =
      switch error.kind {
      case .timedOut: .timedOut
      case .badURL, .badHeader, .connect, .untrusted, .transfer: .unreachable
      case .tooLarge: .badAnswer
      case .overloaded: .overloaded
      case .stopped: .stopped
      }
  }

  /// An answer of another status than 200.
  init(status: Int) {
    description = "status \(status)"
    kind =
      switch status {
      case 401, 403: .unauthorized
      case 429, 503: .overloaded
      case 400..<500: .refused
      default: .badAnswer
      }
  }

  /// What it tells of the indexer; nil when it tells nothing.
  var evidence: CircuitBreaker.Outcome? {
    switch kind {
    case .timedOut, .unreachable, .badAnswer: .fault
    case .unauthorized: .refusal
    case .refused: .success
    case .open, .overloaded, .stopped: nil
    }
  }
}
