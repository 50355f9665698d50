package import Tokenize

/// How prompts are rendered; each default is written here.
package struct RendererSettings: Sendable {
  /// Who renders.
  package enum Target: Sendable {
    /// One server for all models, such as `vllm launch render`.
    case fixed(RenderEndpoint)
    /// The endpoints that serve the model, as `Renderer.setEndpoints` tells them.
    case endpoints
  }

  package var target: Target
  package var security = HTTPClient.Security()
  /// The name that the renderers know the model by; nil to send the client's.
  package var modelName: String?
  /// How long a call may go on; requests have deadlines of their own, and a late answer still goes
  /// to the cache.
  package var callTimeout = Duration.seconds(5)
  /// How long the calls that examine a renderer may take; a slower one is out of use.
  package var probeTimeout = Duration.seconds(1)
  package var connectTimeout = Duration.seconds(1)
  package var answerBytesMax = 64 << 20
  /// Calls under way, those that only the cache still waits for included.
  package var callsMax = 256
  /// Requests that wait for an answer.
  package var waitersMax = 4096
  /// Bytes of the bodies of those requests.
  package var bodyBytesMax = 256 << 20
  package var cacheBytesMax = 64 << 20
  /// How long rendered prompts are believed.
  package var cacheAgeMax = Duration.seconds(600)
  package var breaker = CircuitBreaker.Settings()
  /// Renderers that are examined at a time.
  package var probesMax = 16

  package init(target: Target) {
    self.target = target
  }
}
