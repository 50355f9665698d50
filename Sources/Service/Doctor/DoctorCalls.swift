/// Requests of an examination: each waits for its answer, and a stop ends them all.
final class DoctorCalls: Sendable {
  private static let graceNanoseconds: UInt64 = 1_000_000_000

  private let transfers: HTTPTransfers
  private let interruption: Interruption
  private let timeout: Duration
  /// How the engines let us in.
  private let engineSecurity: HTTPClient.Security

  private final class Answer: @unchecked Sendable {
    let isThere = WakeUp()
    private let lock = Lock()
    private var result: Result<HTTPClient.Reply, HTTPClientError>?

    func set(_ result: Result<HTTPClient.Reply, HTTPClientError>) {
      lock.withLock { self.result = result }
      isThere.signal()
    }

    var value: Result<HTTPClient.Reply, HTTPClientError>? { lock.withLock { result } }
  }

  init(
    timeout: Duration, engineSecurity: HTTPClient.Security, interruption: Interruption
  ) throws(HTTPClientError) {
    var limits = HTTPTransfers.Limits()
    limits.connectTimeout = timeout
    limits.bodyBytesMax = 16 << 20
    transfers = try HTTPTransfers(limits: limits)
    self.timeout = timeout
    self.engineSecurity = engineSecurity
    self.interruption = interruption
  }

  func start() { transfers.start(name: "doctor http") }

  /// Ends all requests, and the thread.
  func stop() { transfers.stop() }

  func get(
    _ server: HTTPClient.Server, _ path: String
  ) -> Result<HTTPClient.Reply, HTTPClientError> {
    var call = HTTPCall(server, path: path)
    call.method = "GET"
    call.security = engineSecurity
    return send(call)
  }

  func post(
    _ server: HTTPClient.Server, _ path: String, _ json: [UInt8],
    headers: [(name: String, value: String)] = []
  ) -> Result<HTTPClient.Reply, HTTPClientError> {
    var call = HTTPCall(server, post: path, json: json)
    call.headers += headers
    call.security = engineSecurity
    return send(call)
  }

  func send(_ call: HTTPCall) -> Result<HTTPClient.Reply, HTTPClientError> {
    let answer = Answer()
    let deadline = MonotonicClock.nowNanoseconds(after: timeout)
    do throws(HTTPClientError) {
      try transfers.send(call, deadline: deadline) { answer.set($0) }
    } catch {
      return .failure(error)
    }
    // The transfer keeps the deadline itself, and says so a little later.
    _ = interruption.wait(for: answer.isThere, until: deadline + Self.graceNanoseconds)
    return answer.value
      ?? .failure(
        interruption.isStopped
          ? HTTPClientError(.stopped, "the examination was stopped")
          : HTTPClientError(.timedOut, "there was no answer in time"))
  }
}
