import CCurl

/// Gathers an answer while libcurl receives it.
final class HTTPReplySink {
  private(set) var headers: [(name: String, value: String)] = []
  private(set) var body: [UInt8] = []
  private(set) var isTooLarge = false
  /// Takes a piece of the body; false when it can't.
  typealias Receiver = (UnsafeRawBufferPointer) -> Bool

  private let bodyBytesMax: Int
  private let receive: Receiver?
  private var bodyBytes = 0
  private var isOK = false

  /// - Parameter receive: Takes the body of a 200; nil to gather it.
  init(bodyBytesMax: Int, receive: Receiver? = nil) {
    self.bodyBytesMax = bodyBytesMax
    self.receive = receive
  }

  static let bodyCallback: curl_write_callback = { bytes, size, count, context in
    guard let context else { return 0 }
    let sink = Unmanaged<HTTPReplySink>.fromOpaque(context).takeUnretainedValue()
    return sink.append(UnsafeRawBufferPointer(start: bytes, count: size * count))
  }

  static let headerCallback: curl_write_callback = { bytes, size, count, context in
    guard let context else { return 0 }
    let sink = Unmanaged<HTTPReplySink>.fromOpaque(context).takeUnretainedValue()
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    sink.addHeader(String(decoding: line, as: UTF8.self))
    return line.count
  }

  /// Returns the bytes taken; fewer than given makes libcurl stop.
  private func append(_ bytes: UnsafeRawBufferPointer) -> Int {
    bodyBytes += bytes.count
    guard bodyBytes <= bodyBytesMax else {
      isTooLarge = true
      return 0
    }
    if isOK, let receive { return receive(bytes) ? bytes.count : 0 }
    body.append(contentsOf: bytes)
    return bytes.count
  }

  private func addHeader(_ line: String) {
    // A status line starts a new block: what came before was an interim answer, such as 100.
    guard !line.hasPrefix("HTTP/") else {
      headers.removeAll(keepingCapacity: true)
      isOK = line.split(separator: " ").dropFirst().first == "200"
      return
    }
    guard let colon = line.firstIndex(of: ":") else { return }
    let value = line[line.index(after: colon)...]
    headers.append(
      (
        name: line[..<colon].lowercased(),
        value: String(value.drop(while: \.isWhitespace).prefix(while: { !$0.isNewline }))
      ))
  }
}

/// Header lines in the form that libcurl takes.
final class HTTPHeaderList {
  private(set) var first: UnsafeMutablePointer<curl_slist>?

  /// - Throws: `HTTPClientError` when a header would break out of its line.
  init(_ headers: [(name: String, value: String)]) throws(HTTPClientError) {
    // Without this libcurl asks for leave before a large body, which costs a round trip.
    first = curl_slist_append(nil, "Expect:")
    for header in headers {
      guard !(header.name + header.value).utf8.contains(where: { $0 < 0x20 }) else {
        throw HTTPClientError(.badHeader, "the header '\(header.name)' has a control character")
      }
      first = curl_slist_append(first, "\(header.name): \(header.value)") ?? first
    }
  }

  deinit { curl_slist_free_all(first) }
}
