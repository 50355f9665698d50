import CNghttp2

/// Headers in the form that nghttp2 takes.
enum HTTP2Header {
  /// A header that is part of the program: nghttp2 need not copy it.
  static func constant(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
    nghttp2_nv(
      name: UnsafeMutablePointer(mutating: name.utf8Start),
      value: UnsafeMutablePointer(mutating: value.utf8Start),
      namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount,
      flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue))
  }

  /// A header whose value nghttp2 copies when it is submitted.
  static func copied(_ name: StaticString, _ value: UnsafeBufferPointer<UInt8>) -> nghttp2_nv {
    nghttp2_nv(
      name: UnsafeMutablePointer(mutating: name.utf8Start),
      value: UnsafeMutablePointer(mutating: value.baseAddress ?? name.utf8Start),
      namelen: name.utf8CodeUnitCount, valuelen: value.count,
      flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue))
  }

  /// Calls `body` with the headers of an answer.
  static func withResponse<R>(_ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> R) -> R {
    with(
      constant(":status", "200"), constant("content-type", "application/grpc"), body)
  }

  /// Calls `body` with the headers of a status, after those of an answer when it stands alone.
  static func withStatus<R>(
    _ status: GRPCStatus, isAlone: Bool, _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> R
  ) -> R {
    status.encodedMessage.withUnsafeBufferPointer { message in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: 5) { headers in
        var count = 0
        func add(_ header: nghttp2_nv) {
          headers.initializeElement(at: count, to: header)
          count += 1
        }
        if isAlone {
          add(constant(":status", "200"))
          add(constant("content-type", "application/grpc"))
        }
        add(constant("grpc-status", status.code.decimal))
        if !message.isEmpty { add(copied("grpc-message", message)) }
        if status.code == .unimplemented { add(constant("grpc-accept-encoding", "identity")) }
        return body(headers.baseAddress, count)
      }
    }
  }

  private static func with<R>(
    _ first: nghttp2_nv, _ second: nghttp2_nv,
    _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> R
  ) -> R {
    withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: 2) { headers in
      headers.initializeElement(at: 0, to: first)
      headers.initializeElement(at: 1, to: second)
      return body(headers.baseAddress, 2)
    }
  }
}
