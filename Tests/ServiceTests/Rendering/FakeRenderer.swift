import Service
import Tokenize

/// A server that answers like vLLM's render endpoints, and badly when told to.
///
/// The token ids of a completion are the bytes of its prompt, those of other requests the bytes of
/// their bodies.
final class FakeRenderer: @unchecked Sendable {
  enum Behaviour {
    case right
    case status(Int, String)
    /// Answers 200 with this.
    case says(String)
    /// Answers rightly, but only once it is released or after two seconds.
    case slow
  }

  static let disabled = Behaviour.status(
    403,
    """
    {"error":{"message":"Scale-out endpoints are disabled. Restart vllm serve with \
    --enable-scale-out to enable them.","type":"PermissionDeniedError","param":null,"code":403}}
    """)

  private let lock = ConditionLock()
  private var behaviour = Behaviour.right
  private var isReleased = false
  private var received: [String] = []
  private var probeCount = 0
  private var shift: UInt32 = 0
  private var served: String?
  private var extras = ""
  private var server: HTTPServer?
  let address: ListenAddress

  /// Starts to serve, on a free port unless told otherwise.
  init(_ address: ListenAddress = .tcp(host: "127.0.0.1", port: 0)) throws {
    var limits = HTTPLimits()
    limits.threads = .onePerConnection
    let reference = Reference()
    let server = try HTTPServer(
      [address], limits: limits, log: { _ in },
      handler: { request, reply in
        reply.send(
          reference.renderer?.answer(request) ?? HTTPResponse(contentType: "text/plain", body: []))
      })
    self.server = server
    self.address = server.addresses[0]
    reference.renderer = self
  }

  /// How the server's threads find this object, which can't be handed to them before it is made.
  private final class Reference: @unchecked Sendable {
    private let lock = Lock()
    private weak var stored: FakeRenderer?

    var renderer: FakeRenderer? {
      get { lock.withLock { stored } }
      set { lock.withLock { stored = newValue } }
    }
  }

  var endpointServer: HTTPClient.Server {
    switch address {
    case .tcp: .url("http://\(address)")
    case .unix(let path, _): .unix(path: path)
    }
  }

  func endpoint(_ name: String, models: [String] = []) -> RenderEndpoint {
    RenderEndpoint(name: name, server: endpointServer, models: models)
  }

  // MARK: What it is told

  func behave(_ behaviour: Behaviour) {
    lock.withLock {
      self.behaviour = behaviour
      isReleased = false
    }
  }

  /// Lets slow answers go.
  func release() {
    lock.withLock {
      isReleased = true
      lock.broadcast()
    }
  }

  /// Has `/tokenize` count in another way than rendering does.
  func tokenizeDifferently() { lock.withLock { shift = 1 } }

  /// Knows only this model.
  func serve(only model: String) { lock.withLock { served = model } }

  /// Adds fields, each with a comma before it, to the objects of answers.
  func add(fields: String) { lock.withLock { extras = fields } }

  func stop() {
    release()
    server?.stop(waitingAtMost: .seconds(20))
  }

  // MARK: What it saw

  /// Bodies of render requests that were no examinations.
  var bodies: [String] { lock.withLock { received } }
  var probes: Int { lock.withLock { probeCount } }

  // MARK: Answers

  private func answer(_ request: borrowing HTTPRequest) -> HTTPResponse {
    let fields = Fields(request.body)
    if request.path == "/tokenize" {
      let shift = lock.withLock { self.shift }
      return json(#"{"count":0,"tokens":\#(Self.tokens(fields.prompt ?? "", shift))}"#)
    }
    guard request.path.hasSuffix("/render") else { return json(status: 404, "{}") }
    let text = String(decoding: request.body, as: UTF8.self)
    let (behaviour, served, extras) = lock.withLock {
      if text.contains("Probe 20470") { probeCount += 1 } else { received.append(text) }
      return (self.behaviour, self.served, self.extras)
    }
    if let served, let model = fields.model, model != served {
      return json(
        status: 404,
        #"{"error":{"message":"The model `\#(model)` does not exist.","type":"NotFoundError","#
          + #""param":"model","code":404}}"#)
    }
    switch behaviour {
    case .right: break
    case .status(let status, let body): return json(status: status, body)
    case .says(let body): return json(body)
    case .slow: waitForRelease()
    }
    let tokens = Self.tokens(fields.prompt ?? text, 0)
    let object = #"{"request_id":"x","token_ids":\#(tokens)\#(extras)}"#
    return json(request.path == "/v1/completions/render" ? "[\(object)]" : object)
  }

  private func waitForRelease() {
    let limit = MonotonicClock.nowNanoseconds() + 2_000_000_000
    lock.withLock {
      while !isReleased, lock.wait(untilNanoseconds: limit) {}
    }
  }

  private func json(status: Int = 200, _ text: String) -> HTTPResponse {
    HTTPResponse(status: status, contentType: "application/json", body: Array(text.utf8))
  }

  static func tokens(_ text: String) -> [UInt32] { text.utf8.map { UInt32($0) } }

  private static func tokens(_ text: String, _ shift: UInt32) -> String {
    "[" + tokens(text).map { "\($0 + shift)" }.joined(separator: ",") + "]"
  }

  /// The fields of a body that count here.
  private struct Fields {
    var prompt: String?
    var model: String?

    init(_ body: [UInt8]) {
      body.withUnsafeBytes { bytes in
        var cursor = JSONCursor(bytes)
        do throws(JSONError) {
          try read(&cursor)
        } catch {
          self.prompt = nil
        }
      }
    }

    private mutating func read(_ cursor: inout JSONCursor) throws(JSONError) {
      try cursor.beginObject()
      while let key = try cursor.nextKey() {
        if key == "prompt" {
          prompt = try cursor.string()
        } else if key == "model" {
          model = try cursor.string()
        } else {
          try cursor.skipValue()
        }
      }
    }
  }
}
