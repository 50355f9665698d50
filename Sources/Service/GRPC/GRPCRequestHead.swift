/// What a call's headers say, gathered one header at a time.
struct GRPCRequestHead {
  /// What the answer to a call that can't be begun is.
  enum Fault {
    /// No gRPC: an HTTP status, and no more.
    case http(StaticString, GRPCServerMetrics.Refusal)
    case status(GRPCStatus, GRPCServerMetrics.Refusal)
  }

  private(set) var route: Int?
  private(set) var metadata = GRPCMetadata()
  /// By `MonotonicClock`; `.max` for none.
  private(set) var deadlineNanoseconds = UInt64.max
  private var headerBytes = 0
  private var isPost = false
  private var isGRPC = false
  private var hasBadTimeout = false

  /// Takes a header; names are in lower case, as HTTP/2 demands.
  ///
  /// - Parameter now: What a timeout counts from.
  mutating func take(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ context: GRPCServerContext,
    now: UInt64
  ) {
    // What HTTP/2 counts for a header, beside its bytes.
    headerBytes += name.count + value.count + 32
    guard headerBytes <= context.limits.headerBytesMax else { return }
    switch name.count {
    case 5 where name.equals(":path"): route = context.router.find(value)
    case 7 where name.equals(":method"): isPost = value.equals("POST")
    case 12 where name.equals("content-type"): isGRPC = Self.isGRPC(contentType: value)
    case 12 where name.equals("grpc-timeout"): takeTimeout(value, now)
    default: if !Self.isProtocols(name) { metadata.append(name: name, value: value) }
    }
  }

  /// What is wrong with the headers once they are complete, apart from authorization.
  func fault(limits: GRPCLimits) -> Fault? {
    guard headerBytes <= limits.headerBytesMax else {
      let message = "the call's metadata has more than \(limits.headerBytesMax) bytes"
      return .status(GRPCStatus(.resourceExhausted, message), .headersTooLarge)
    }
    guard isPost else { return .http("405", .contentType) }
    guard isGRPC else { return .http("415", .contentType) }
    guard route != nil else {
      return .status(GRPCStatus(.unimplemented, "there is no such method"), .unknownMethod)
    }
    guard !hasBadTimeout else {
      return .status(GRPCStatus(.internal, "grpc-timeout is not a time"), .badTimeout)
    }
    return nil
  }

  private mutating func takeTimeout(_ value: UnsafeRawBufferPointer, _ now: UInt64) {
    guard let nanoseconds = GRPCTimeout.nanoseconds(value) else {
      hasBadTimeout = true
      return
    }
    let (deadline, overflow) = now.addingReportingOverflow(nanoseconds)
    deadlineNanoseconds = overflow ? .max : deadline
  }

  /// `application/grpc`, alone or with `+proto`, and whatever parameters.
  private static func isGRPC(contentType: UnsafeRawBufferPointer) -> Bool {
    guard contentType.hasPrefix("application/grpc") else { return false }
    let rest = UnsafeRawBufferPointer(rebasing: contentType.dropFirst(16))
    return rest.isEmpty || rest[0] == UInt8(ascii: ";") || rest.equals("+proto")
      || rest.hasPrefix("+proto;")
  }

  /// Whether a header is part of the protocols, and of no interest to a handler.
  private static func isProtocols(_ name: UnsafeRawBufferPointer) -> Bool {
    switch name.first {
    case UInt8(ascii: ":"): true
    case UInt8(ascii: "a"): name.equals("accept-encoding")
    case UInt8(ascii: "c"): name.equals("content-length")
    case UInt8(ascii: "g"): name.hasPrefix("grpc-")
    case UInt8(ascii: "t"): name.equals("te")
    case UInt8(ascii: "u"): name.equals("user-agent")
    default: false
    }
  }
}
