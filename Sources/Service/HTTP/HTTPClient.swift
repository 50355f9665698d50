/// A blocking HTTP/1.1 client that keeps its connections, for one thread at a time.
package struct HTTPClient: ~Copyable {
  /// Whom a client talks to.
  package enum Server: Hashable, Sendable {
    /// For example `http://127.0.0.1:8080`, without a slash at the end.
    case url(String)
    /// A Unix socket.
    case unix(path: String)

    /// Reads `http://…`, `https://…` or `unix:/path`; nil when `text` is none of them.
    package init?(_ text: String) {
      if text.hasPrefix("unix:/") {
        self = .unix(path: String(text.dropFirst("unix:".count)))
      } else if text.hasPrefix("http://") || text.hasPrefix("https://") {
        self = .url(text.hasSuffix("/") ? String(text.dropLast()) : text)
      } else {
        return nil
      }
    }
  }

  package struct Limits: Sendable {
    package var connectTimeout = Duration.seconds(2)
    /// From the start of the request to the end of the answer.
    package var totalTimeout = Duration.seconds(10)
    package var bodyBytesMax = 64 << 20

    package init() {}
  }

  /// Whom a client trusts, and as whom it speaks.
  package struct Security: Hashable, Sendable {
    /// A file of certificates in PEM that a server's has to be signed by; nil for the system's.
    package var authorityFile: String?
    /// Sent in the header `Authorization`.
    package var bearerToken: String?
    /// Whether the server's certificate is examined; without, anyone can pass for the server.
    package var verifiesServer = true
    /// The client's own certificate, a file in PEM; nil for none.
    package var certificateFile: String?
    /// The key of that certificate, a file in PEM; nil when both are in one file.
    package var keyFile: String?

    package init(authorityFile: String? = nil, bearerToken: String? = nil) {
      self.authorityFile = authorityFile
      self.bearerToken = bearerToken
    }
  }

  package struct Reply: Sendable {
    package var status: Int
    /// Names in lower case, in the order of arrival.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The first header of this name, given in lower case.
    package func header(_ name: String) -> String? {
      headers.first { $0.name == name }?.value
    }
  }

  private let transfer: HTTPTransfer
  private let server: Server
  private let security: Security
  private let limits: Limits

  /// A client of `server`; it connects at the first request.
  package init(
    _ server: Server, security: Security = Security(), limits: Limits = Limits()
  ) throws(HTTPClientError) {
    transfer = try HTTPTransfer()
    self.server = server
    self.security = security
    self.limits = limits
  }

  /// Asks for `path`, which is percent-encoded and starts with a slash.
  package mutating func get(_ path: String) throws(HTTPClientError) -> Reply {
    try send("GET", path, body: nil, contentType: nil)
  }

  /// Asks for `path`, and hands the body of a 200 on as it comes, instead of keeping it.
  ///
  /// - Parameter receive: Called with one piece after the other; false ends the transfer.
  /// - Throws: `HTTPClientError` also when the body breaks off.
  package mutating func get(
    _ path: String, receive: @escaping (UnsafeRawBufferPointer) -> Bool
  ) throws(HTTPClientError) -> Reply {
    var call = HTTPCall(server, path: path)
    call.security = security
    call.method = "GET"
    try transfer.prepare(call, limits, receive: receive)
    return try transfer.reply(transfer.perform())
  }

  /// Sends `body` to `path`.
  package mutating func post(
    _ path: String, body: [UInt8], contentType: String = "application/json"
  ) throws(HTTPClientError) -> Reply {
    try send("POST", path, body: body, contentType: contentType)
  }

  /// Deletes what `path` names.
  package mutating func delete(_ path: String) throws(HTTPClientError) -> Reply {
    try send("DELETE", path, body: nil, contentType: nil)
  }

  /// Sends a request of any method and waits for the whole answer.
  ///
  /// - Parameter headers: Besides the content's type and the security's own.
  /// - Throws: `HTTPClientError` when there is no answer; any status is an answer.
  package mutating func send(
    _ method: String, _ path: String, headers: [(name: String, value: String)] = [],
    body: [UInt8]?, contentType: String?
  ) throws(HTTPClientError) -> Reply {
    var call = HTTPCall(server, path: path)
    call.security = security
    call.method = method
    call.headers = headers
    if let contentType { call.headers.append((name: "Content-Type", value: contentType)) }
    call.body = body
    try transfer.prepare(call, limits)
    return try transfer.reply(transfer.perform())
  }
}
