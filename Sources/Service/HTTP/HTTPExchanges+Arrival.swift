import CMHD

/// How a request arrives, and what refuses it before its handler sees it.
extension HTTPExchanges {
  /// Sees the headers of a request.
  ///
  /// One that is refused is answered at once when its body is large, or waits to be asked for;
  /// then libmicrohttpd closes the connection. A small body is read and dropped first, so that the
  /// connection stays of use and the client's last bytes do not reset it.
  func begin(
    _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>,
    _ exchange: inout UnsafeMutableRawPointer?
  ) -> MHD_Result {
    let request = HTTPExchange(connection)
    exchange = Unmanaged.passRetained(request).toOpaque()
    inFlight.enter()
    metrics.requestBegan()
    let announced = MHD_lookup_connection_value(
      connection, .HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH)
    // What is no number is more than any limit.
    let length = announced.map { Int(String(cString: $0)) ?? .max } ?? 0
    guard let (cause, error) = refusal(connection, url, method, bodyBytes: length) else {
      request.body.reserveCapacity(min(length, Self.reservedBytesMax))
      return .YES
    }
    refuse(request, cause, error)
    let isAsking =
      MHD_lookup_connection_value(connection, .HEADER_KIND, MHD_HTTP_HEADER_EXPECT) != nil
    guard length > droppedBytesMax || isAsking else { return .YES }
    return queue(HTTPResponse(error), on: connection)
  }

  /// Takes a piece of the body.
  ///
  /// libmicrohttpd cannot answer in the middle of a body, so the rest of one that is refused is
  /// dropped, and cut off when there is no end to it.
  func receive(_ chunk: UnsafeRawBufferPointer, _ request: HTTPExchange) -> MHD_Result {
    guard
      Duration.nanoseconds(MonotonicClock.nowNanoseconds() &- request.start)
        <= limits.receiveTimeout
    else {
      metrics.refusals[.receiveTimeout].add()
      return .NO
    }
    guard request.refusal == nil else { return drop(chunk, of: request) }
    guard request.body.count + chunk.count <= limits.bodyBytesMax else {
      refuse(request, .bodyTooLarge, .bodyTooLarge(bodyBytesMax: limits.bodyBytesMax))
      return drop(chunk, of: request)
    }
    request.bufferedBytes += chunk.count
    guard metrics.buffer(chunk.count) <= limits.bufferedBytesMax else {
      refuse(request, .buffersFull, .buffersFull)
      return drop(chunk, of: request)
    }
    request.body.append(contentsOf: chunk)
    return .YES
  }

  /// What is announced is not always sent.
  private static let reservedBytesMax = 1 << 20

  private var droppedBytesMax: Int { min(4 * limits.bodyBytesMax, 1 << 20) }

  private func drop(_ chunk: UnsafeRawBufferPointer, of request: HTTPExchange) -> MHD_Result {
    request.droppedBytes += chunk.count
    guard request.droppedBytes > droppedBytesMax else { return .YES }
    metrics.refusals[.endlessBody].add()
    return .NO
  }

  private func refuse(
    _ request: HTTPExchange, _ cause: HTTPServerMetrics.Refusal, _ error: HTTPError
  ) {
    metrics.refusals[cause].add()
    request.refusal = error
    request.body = []
    metrics.unbuffer(request.bufferedBytes)
    request.bufferedBytes = 0
  }

  /// Why a request is not worth its body.
  private func refusal(
    _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>,
    bodyBytes: Int
  ) -> (HTTPServerMetrics.Refusal, HTTPError)? {
    if cmhd_header_bytes(connection) > limits.headerBytesMax {
      return (.headersTooLarge, .headersTooLarge(headerBytesMax: limits.headerBytesMax))
    }
    if let authorize {
      let request = HTTPRequest(
        method: HTTPMethod(rawValue: String(cString: method)) ?? .other,
        path: String(cString: url), body: [], connection: connection)
      guard authorize(request) else { return (.unauthorized, .unauthorized) }
    }
    if bodyBytes > limits.bodyBytesMax {
      return (.bodyTooLarge, .bodyTooLarge(bodyBytesMax: limits.bodyBytesMax))
    }
    if bodyBytes > limits.bufferedBytesMax - metrics.bufferedBytes {
      return (.buffersFull, .buffersFull)
    }
    return nil
  }
}
