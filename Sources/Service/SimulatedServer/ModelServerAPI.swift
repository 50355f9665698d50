import Simulation
import Synchronization
import Tokenize

/// The HTTP interface of a simulated server: the paths of vLLM that a router uses.
final class ModelServerAPI: Sendable {
  private enum Route: String {
    case completions = "/v1/completions"
    case chatCompletions = "/v1/chat/completions"
    case render = "/v1/completions/render"
    case chatRender = "/v1/chat/completions/render"
    case tokenize = "/tokenize"
    case models = "/v1/models"
    case health = "/health"
    case version = "/version"
    case metrics = "/metrics"
    case eventSources = "/kv_event_sources"
    case resetPrefixCache = "/reset_prefix_cache"
    case sleep = "/sleep"
    case isSleeping = "/is_sleeping"
    case wakeUp = "/wake_up"

    var method: HTTPMethod {
      switch self {
      case .completions, .chatCompletions, .render, .chatRender, .tokenize, .resetPrefixCache,
        .sleep, .wakeUp:
        .post
      case .models, .health, .version, .metrics, .eventSources, .isSleeping: .get
      }
    }
  }

  /// With the real ports.
  let configuration: SimulatedServerConfiguration
  let loop: EngineLoop
  let tokenizer: WordTokenizer
  let startTime = WallClock.seconds()
  private let identifiers = Atomic<UInt64>(0)

  init(_ configuration: SimulatedServerConfiguration, loop: EngineLoop) {
    self.configuration = configuration
    self.loop = loop
    tokenizer = WordTokenizer(vocabularySize: configuration.engine.vocabularySize)
  }

  /// Answers a request; a completion waits for its steps, unless it is streamed.
  func respond(to request: borrowing HTTPRequest, _ reply: HTTPReply) {
    guard let route = Route(rawValue: request.path) else {
      return reply.send(Self.detail(status: 404, "Not Found"))
    }
    guard request.method == route.method else {
      return reply.send(Self.detail(status: 405, "Method Not Allowed"))
    }
    do throws(ModelServerError) {
      let answer: HTTPResponse? =
        switch route {
        case .completions: try complete(request.body, isChat: false, reply)
        case .chatCompletions: try complete(request.body, isChat: true, reply)
        case .render: try render(request.body, isChat: false)
        case .chatRender: try render(request.body, isChat: true)
        case .tokenize: try tokenize(request.body)
        case .models: models()
        case .health: HTTPResponse(contentType: "application/json", body: [])
        case .version: version()
        case .metrics: metrics()
        case .eventSources: eventSources()
        case .resetPrefixCache: resetPrefixCache()
        case .sleep: sleep()
        case .isSleeping: isSleeping()
        case .wakeUp: wakeUp()
        }
      if let answer { reply.send(answer) }
    } catch {
      reply.send(error.response)
    }
  }

  /// A name for a request, unique in the life of the server.
  func nextIdentifier() -> String {
    let number = identifiers.wrappingAdd(1, ordering: .relaxed).newValue
    let digits = String(number, radix: 16)
    return "cmpl-" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// What vLLM's web framework says before a request reaches vLLM.
  private static func detail(status: Int, _ text: String) -> HTTPResponse {
    var json = JSONWriter()
    json.object { $0.field("detail", text) }
    return HTTPResponse(status: status, json: json)
  }

  private func models() -> HTTPResponse {
    var json = JSONWriter()
    json.object { json in
      json.field("object", "list")
      json.field("data") { json in
        json.array { json in
          write(configuration.model, parent: nil, &json)
          for adapter in configuration.adapters {
            write(adapter, parent: configuration.model, &json)
          }
        }
      }
    }
    return HTTPResponse(json: json)
  }

  /// As vLLM has it, only the model itself says how long its prompts may be.
  private func write(_ model: String, parent: String?, _ json: inout JSONWriter) {
    json.object { json in
      json.field("id", model)
      json.field("object", "model")
      json.field("created", Int(startTime))
      json.field("owned_by", "kv-indexer")
      json.field("root", parent == nil ? model : "/adapters/\(model)")
      json.field("parent", parent)
      json.field("max_model_len", parent == nil ? configuration.engine.modelTokensMax : nil)
    }
  }

  private func version() -> HTTPResponse {
    guard let version = configuration.features.version else {
      return Self.detail(status: 404, "Not Found")
    }
    var json = JSONWriter()
    json.object { $0.field("version", version) }
    return HTTPResponse(json: json)
  }

  private func eventSources() -> HTTPResponse {
    guard configuration.features.tellsEventSources else {
      return Self.detail(status: 404, "Not Found")
    }
    var json = JSONWriter()
    json.object { json in
      json.field("0") { json in
        json.object { json in
          json.field("enable_kv_cache_events", configuration.features.publishesEvents)
          json.field("publisher", "zmq")
          json.field("endpoint", configuration.eventEndpoint)
          json.field("replay_endpoint", configuration.replayEndpoint)
          json.field("buffer_steps", configuration.replayBatchesMax)
          json.field("topic", configuration.topic)
        }
      }
    }
    return HTTPResponse(json: json)
  }

  private func resetPrefixCache() -> HTTPResponse {
    var json = JSONWriter()
    json.object { $0.field("success", loop.resetPrefixCache()) }
    return HTTPResponse(json: json)
  }

  private func sleep() -> HTTPResponse {
    guard loop.sleep() else { return Self.detail(status: 409, "Conflict") }
    return HTTPResponse(contentType: "application/json", body: [])
  }

  private func isSleeping() -> HTTPResponse {
    var json = JSONWriter()
    json.object { $0.field("is_sleeping", loop.isAsleep) }
    return HTTPResponse(json: json)
  }

  private func wakeUp() -> HTTPResponse {
    loop.wakeUp()
    return HTTPResponse(contentType: "application/json", body: [])
  }
}
