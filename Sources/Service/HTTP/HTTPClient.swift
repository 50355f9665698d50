import CCurl
import Glibc

/// A blocking HTTP/1.1 client that keeps its connections, for one thread at a time.
package struct HTTPClient: ~Copyable {
  /// Whom a client talks to.
  package enum Server: Sendable {
    /// For example `http://127.0.0.1:8080`, without a slash at the end.
    case url(String)
    /// A Unix socket.
    case unix(path: String)
  }

  package struct Limits: Sendable {
    package var connectTimeout = Duration.seconds(2)
    /// From the start of the request to the end of the answer.
    package var totalTimeout = Duration.seconds(10)
    package var bodyBytesMax = 64 << 20

    package init() {}
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

  /// Once a process, and before any handle.
  private static let library = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  private let handle: UnsafeMutableRawPointer
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private let server: Server
  private let limits: Limits

  /// A client of `server`; it connects at the first request.
  package init(_ server: Server, limits: Limits = Limits()) throws(HTTPClientError) {
    guard Self.library == CURLE_OK, let handle = curl_easy_init() else {
      throw HTTPClientError(.transfer, "libcurl did not start")
    }
    self.handle = handle
    self.server = server
    self.limits = limits
  }

  deinit {
    curl_easy_cleanup(handle)
    errorText.deallocate()
  }

  /// Asks for `path`, which is percent-encoded and starts with a slash.
  package mutating func get(_ path: String) throws(HTTPClientError) -> Reply {
    try send("GET", path, body: nil, contentType: nil)
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
  /// - Throws: `HTTPClientError` when there is no answer; any status is an answer.
  package mutating func send(
    _ method: String, _ path: String, body: [UInt8]?, contentType: String?
  ) throws(HTTPClientError) -> Reply {
    // Forgets the options of the request before, not its connection.
    curl_easy_reset(handle)
    errorText.pointee = 0
    let sink = HTTPReplySink(bodyBytesMax: limits.bodyBytesMax)
    let headers = HTTPHeaderList(contentType.map { ["Content-Type: \($0)"] } ?? [])
    setTransferOptions(path, sink)
    if method == "HEAD" { cc_set_long(handle, CURLOPT_NOBODY, 1) }
    setString(CURLOPT_CUSTOMREQUEST, method)
    cc_set_pointer(handle, CURLOPT_HTTPHEADER, headers.first)
    let code = perform(body)
    withExtendedLifetime((sink, headers)) {}
    guard code == CURLE_OK else { throw failure(code, sink) }
    var status = 0
    cc_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return Reply(status: status, headers: sink.headers, body: sink.body)
  }

  private func perform(_ body: [UInt8]?) -> CURLcode {
    guard let body else { return curl_easy_perform(handle) }
    return body.withUnsafeBytes { bytes in
      cc_set_long(handle, CURLOPT_POST, 1)
      cc_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
      // Without any pointer libcurl would read the body from standard input.
      cc_set_pointer(handle, CURLOPT_POSTFIELDS, bytes.baseAddress ?? UnsafeRawPointer(errorText))
      return curl_easy_perform(handle)
    }
  }

  private func setTransferOptions(_ path: String, _ sink: HTTPReplySink) {
    switch server {
    case .url(let base): setString(CURLOPT_URL, base + path)
    case .unix(let socketPath):
      setString(CURLOPT_UNIX_SOCKET_PATH, socketPath)
      setString(CURLOPT_URL, "http://localhost" + path)
    }
    // Signals would reach the whole process, and proxies of the environment are not for us.
    cc_set_long(handle, CURLOPT_NOSIGNAL, 1)
    setString(CURLOPT_PROXY, "")
    setString(CURLOPT_PROTOCOLS_STR, "http,https")
    cc_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connectTimeout))
    cc_set_long(handle, CURLOPT_TIMEOUT_MS, milliseconds(limits.totalTimeout))
    cc_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
    let context = Unmanaged.passUnretained(sink).toOpaque()
    cc_set_callback(handle, CURLOPT_WRITEFUNCTION, HTTPReplySink.bodyCallback)
    cc_set_pointer(handle, CURLOPT_WRITEDATA, context)
    cc_set_callback(handle, CURLOPT_HEADERFUNCTION, HTTPReplySink.headerCallback)
    cc_set_pointer(handle, CURLOPT_HEADERDATA, context)
  }

  private func setString(_ option: CURLoption, _ value: String) {
    cc_set_string(handle, option, value)
  }

  /// At least one: to libcurl zero means no limit.
  private func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }

  private func failure(_ code: CURLcode, _ sink: HTTPReplySink) -> HTTPClientError {
    let detail = String(cString: errorText)
    let message = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    return switch code {
    case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST: HTTPClientError(.connect, message)
    case CURLE_OPERATION_TIMEDOUT: HTTPClientError(.timedOut, message)
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: HTTPClientError(.badURL, message)
    case CURLE_WRITE_ERROR where sink.isTooLarge:
      HTTPClientError(.tooLarge, "the answer has more than \(limits.bodyBytesMax) bytes")
    default: HTTPClientError(.transfer, message)
    }
  }
}
