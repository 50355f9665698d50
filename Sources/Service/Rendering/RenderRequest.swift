package import Tokenize

/// A request body to be turned into token ids.
package struct RenderRequest: Sendable {
  package var api: InferenceAPI
  /// As the client sent it.
  package var body: [UInt8]
  /// Where the value of `model` stands in the body, quotes and all; nil when it names none.
  package var modelRange: Range<Int>?
  /// The model as the fleet knows it: who serves it can render it.
  package var model: String
  /// Whether there are images or the like in it.
  package var hasMedia: Bool
  /// Equal for requests that render to equal tokens.
  package var key: RenderKey
  /// When the answer is of no more use, in nanoseconds of `MonotonicClock`.
  package var deadline: UInt64

  package init(
    api: InferenceAPI, body: [UInt8], modelRange: Range<Int>? = nil, model: String,
    hasMedia: Bool = false, key: RenderKey, deadline: UInt64
  ) {
    self.api = api
    self.body = body
    self.modelRange = modelRange
    self.model = model
    self.hasMedia = hasMedia
    self.key = key
    self.deadline = deadline
  }
}

/// What became of a request.
package struct RenderOutcome: Sendable {
  /// Who made the call, if there was one.
  package enum Origin: String, Sendable {
    /// No call was needed.
    case cache
    /// This request's own call, or none because none could be made.
    case renderer
    /// The call of an equal request that was under way.
    case shared
  }

  package var prompts: Result<[RenderedPrompt], RenderFailure>
  package var origin: Origin
  package var elapsed: Duration
}

/// A server that renders.
package struct RenderEndpoint: Hashable, Sendable {
  package var name: String
  package var server: HTTPClient.Server
  /// The models that it serves; empty when nobody says, and then it is asked for any.
  package var models: [String]

  package init(name: String, server: HTTPClient.Server, models: [String] = []) {
    self.name = name
    self.server = server
    self.models = models
  }
}
