package import KVIndexer

/// Names a request within one engine, in the order of submission.
package struct EngineRequestID: Hashable, Comparable, Sendable {
  package let number: UInt64

  package static func < (a: EngineRequestID, b: EngineRequestID) -> Bool { a.number < b.number }
}

/// What a client asks of an engine.
package struct EngineRequest: Sendable {
  /// Where the output tokens come from.
  package enum Output: Sendable, Equatable {
    /// The simulated model samples this many.
    case sampled(Int)
    /// These, whatever the model says: to play a recording.
    case scripted([TokenID])
  }

  /// The prompt.
  package var tokens: [TokenID]
  package var output: Output
  /// The adapter to run with; nil for the base model.
  package var adapter: LoRAAdapter?
  /// Separates tenants: blocks are shared only among requests with the same salt.
  package var cacheSalt: String?
  /// False when prompt log-probabilities are asked for: all is computed and stored again.
  package var readsCache: Bool

  package init(
    tokens: [TokenID], output: Output, adapter: LoRAAdapter? = nil, cacheSalt: String? = nil,
    readsCache: Bool = true
  ) {
    self.tokens = tokens
    self.output = output
    self.adapter = adapter
    self.cacheSalt = cacheSalt
    self.readsCache = readsCache
  }
}

/// Why an engine does not take a request.
package enum SubmissionError: Error, Equatable {
  case emptyPrompt
  case emptyOutput
  /// The model needs room for one more token.
  case promptTooLong(tokens: Int, maximum: Int)
  case tooManyWaiting(maximum: Int)
}
