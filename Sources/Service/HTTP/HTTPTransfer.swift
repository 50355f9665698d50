import CCurl
import Glibc

/// One libcurl handle and the memory that a request over it needs: the one place of its options.
///
/// It carries one request after the other, on one thread at a time.
final class HTTPTransfer {
  /// Once a process, and before any handle.
  private static let library = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  let handle: UnsafeMutableRawPointer
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private var sink = HTTPReplySink(bodyBytesMax: 0)
  private var headers: HTTPHeaderList?
  private var bodyBytesMax = 0

  init() throws(HTTPClientError) {
    guard Self.library == CURLE_OK, let handle = curl_easy_init() else {
      throw HTTPClientError(.transfer, "libcurl did not start")
    }
    self.handle = handle
  }

  deinit {
    PipeSignal.suppressed { curl_easy_cleanup(handle) }
    errorText.deallocate()
  }

  /// Makes the handle ready to perform `call`; only its connection is left of the call before.
  ///
  /// - Parameter receive: Takes the body of a 200; nil to have it in the reply.
  func prepare(
    _ call: HTTPCall, _ limits: HTTPClient.Limits, receive: HTTPReplySink.Receiver? = nil
  ) throws(HTTPClientError) {
    curl_easy_reset(handle)
    errorText.pointee = 0
    sink = HTTPReplySink(bodyBytesMax: limits.bodyBytesMax, receive: receive)
    bodyBytesMax = limits.bodyBytesMax
    var lines = call.headers
    if let token = call.security.bearerToken {
      lines.append((name: "Authorization", value: "Bearer \(token)"))
    }
    let headers = try HTTPHeaderList(lines)
    self.headers = headers
    cc_set_pointer(handle, CURLOPT_HTTPHEADER, headers.first)
    setServer(call)
    setLimits(limits)
    setSink()
    if call.method == "HEAD" { cc_set_long(handle, CURLOPT_NOBODY, 1) }
    if let body = call.body { setBody(body) }
    setString(CURLOPT_CUSTOMREQUEST, call.method)
  }

  /// Sends the request and waits for the answer.
  func perform() -> CURLcode { PipeSignal.suppressed { curl_easy_perform(handle) } }

  /// What came of it.
  func reply(_ code: CURLcode) throws(HTTPClientError) -> HTTPClient.Reply {
    guard code == CURLE_OK else { throw failure(code) }
    var status = 0
    cc_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return HTTPClient.Reply(status: status, headers: sink.headers, body: sink.body)
  }

  /// Lets go of the last answer and of the request's body.
  func reset() {
    curl_easy_reset(handle)
    sink = HTTPReplySink(bodyBytesMax: 0)
    headers = nil
  }

  private func setServer(_ call: HTTPCall) {
    switch call.server {
    case .url(let base): setString(CURLOPT_URL, base + call.path)
    case .unix(let socketPath):
      setString(CURLOPT_UNIX_SOCKET_PATH, socketPath)
      setString(CURLOPT_URL, "http://localhost" + call.path)
    }
    // Signals would reach the whole process, and proxies of the environment are not for us.
    cc_set_long(handle, CURLOPT_NOSIGNAL, 1)
    setString(CURLOPT_PROXY, "")
    setString(CURLOPT_PROTOCOLS_STR, "http,https")
    cc_set_long(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    setSecurity(call.security)
  }

  private func setSecurity(_ security: HTTPClient.Security) {
    cc_set_long(handle, CURLOPT_SSL_VERIFYPEER, security.verifiesServer ? 1 : 0)
    cc_set_long(handle, CURLOPT_SSL_VERIFYHOST, security.verifiesServer ? 2 : 0)
    if let file = security.authorityFile { setString(CURLOPT_CAINFO, file) }
    if let file = security.certificateFile { setString(CURLOPT_SSLCERT, file) }
    if let file = security.keyFile { setString(CURLOPT_SSLKEY, file) }
  }

  private func setLimits(_ limits: HTTPClient.Limits) {
    cc_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connectTimeout))
    cc_set_long(handle, CURLOPT_TIMEOUT_MS, milliseconds(limits.totalTimeout))
  }

  private func setSink() {
    cc_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
    let context = Unmanaged.passUnretained(sink).toOpaque()
    cc_set_callback(handle, CURLOPT_WRITEFUNCTION, HTTPReplySink.bodyCallback)
    cc_set_pointer(handle, CURLOPT_WRITEDATA, context)
    cc_set_callback(handle, CURLOPT_HEADERFUNCTION, HTTPReplySink.headerCallback)
    cc_set_pointer(handle, CURLOPT_HEADERDATA, context)
  }

  /// Has libcurl keep a copy, since an array's memory can't be lent for longer than a call.
  private func setBody(_ body: [UInt8]) {
    cc_set_long(handle, CURLOPT_POST, 1)
    cc_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
    _ = body.withUnsafeBytes { bytes in
      // Without any pointer libcurl would read the body from standard input.
      cc_set_pointer(
        handle, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress ?? UnsafeRawPointer(errorText))
    }
  }

  private func setString(_ option: CURLoption, _ value: String) {
    cc_set_string(handle, option, value)
  }

  /// At least one: to libcurl zero means no limit.
  private func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }

  private func failure(_ code: CURLcode) -> HTTPClientError {
    let detail = String(cString: errorText)
    let message = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    return switch code {
    case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST: HTTPClientError(.connect, message)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM:
      HTTPClientError(.untrusted, message)
    case CURLE_OPERATION_TIMEDOUT: HTTPClientError(.timedOut, message)
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: HTTPClientError(.badURL, message)
    case CURLE_WRITE_ERROR where sink.isTooLarge:
      HTTPClientError(.tooLarge, "the answer has more than \(bodyBytesMax) bytes")
    default: HTTPClientError(.transfer, message)
    }
  }
}
