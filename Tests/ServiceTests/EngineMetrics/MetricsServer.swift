import Service

/// A server of a page of metrics that can be changed.
final class MetricsServer: Sendable {
  private final class Page: Sendable {
    private let lock = Lock()
    nonisolated(unsafe) private var current: (status: Int, text: String)
    nonisolated(unsafe) private var count = 0

    init(_ text: String, _ status: Int) { current = (status, text) }

    var reads: Int { lock.withLock { count } }

    func set(_ text: String, _ status: Int) { lock.withLock { current = (status, text) } }

    func next() -> (status: Int, text: String) {
      lock.withLock {
        count += 1
        return current
      }
    }
  }

  private let page: Page
  private let server: HTTPServer

  init(
    _ text: String = "", status: Int = 200, port: UInt16 = 0, credentials: TLSCredentials? = nil
  ) throws {
    let page = Page(text, status)
    self.page = page
    server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: port)], credentials: credentials, log: { _ in },
      handler: { _, reply in
        let (status, text) = page.next()
        reply.send(
          HTTPResponse(status: status, contentType: "text/plain", body: Array(text.utf8)))
      })
  }

  var port: UInt16 {
    if case .tcp(_, let port) = server.addresses[0] { port } else { 0 }
  }

  /// Pages that were asked for.
  var reads: Int { page.reads }

  func set(_ text: String, status: Int = 200) { page.set(text, status) }

  func stop() { server.stop(waitingAtMost: .seconds(1)) }
}
