package import KVIndexer

/// What one scheduler step did.
package struct EngineStep: Sendable {
  /// When the step started, on the caller's clock.
  package var time: Duration
  /// The changes of the prefix cache in order, one batch; an engine publishes nothing when empty.
  package var events: [BlockEvent]
  /// The tokens that the step produced, at most one a request.
  package var sampled: [SampledToken]
  /// Requests that are done; their blocks are free already.
  package var finished: [FinishedRequest]
  /// Requests whose tokens were computed.
  package var scheduledRequests: Int
  /// Tokens that were computed, which is what a step costs.
  package var scheduledTokens: Int
}

/// A token that a request received.
package struct SampledToken: Sendable, Equatable {
  package var request: EngineRequestID
  package var token: TokenID
  /// Position in the request's output, from 0.
  package var index: Int
}

/// The result of a request.
package struct FinishedRequest: Sendable, Equatable {
  package var id: EngineRequestID
  package var promptTokens: Int
  /// Prompt tokens that the prefix cache held when the request was first scheduled.
  package var cachedTokens: Int
  package var output: [TokenID]
  /// How often the request lost its blocks and started over.
  package var preemptions: Int
  package var submittedAt: Duration
  /// The start of the first step that computed a part of the prompt.
  package var firstScheduledAt: Duration
}
