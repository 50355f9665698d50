/// How a call ended, by the names of the gRPC specification, in the order of their numbers.
package enum GRPCCode: String, MetricLabel {
  case ok = "OK"
  case cancelled = "CANCELLED"
  case unknown = "UNKNOWN"
  case invalidArgument = "INVALID_ARGUMENT"
  case deadlineExceeded = "DEADLINE_EXCEEDED"
  case notFound = "NOT_FOUND"
  case alreadyExists = "ALREADY_EXISTS"
  case permissionDenied = "PERMISSION_DENIED"
  case resourceExhausted = "RESOURCE_EXHAUSTED"
  case failedPrecondition = "FAILED_PRECONDITION"
  case aborted = "ABORTED"
  case outOfRange = "OUT_OF_RANGE"
  case unimplemented = "UNIMPLEMENTED"
  case `internal` = "INTERNAL"
  case unavailable = "UNAVAILABLE"
  case dataLoss = "DATA_LOSS"
  case unauthenticated = "UNAUTHENTICATED"

  package static let labelName = "code"

  /// What travels in `grpc-status`; nil makes none of a number that the specification lacks.
  package init?(number: Int) {
    guard Self.allCases.indices.contains(number) else { return nil }
    self = Self.allCases[number]
  }

  /// What travels in `grpc-status`, in decimal.
  var decimal: StaticString {
    switch self {
    case .ok: "0"
    case .cancelled: "1"
    case .unknown: "2"
    case .invalidArgument: "3"
    case .deadlineExceeded: "4"
    case .notFound: "5"
    case .alreadyExists: "6"
    case .permissionDenied: "7"
    case .resourceExhausted: "8"
    case .failedPrecondition: "9"
    case .aborted: "10"
    case .outOfRange: "11"
    case .unimplemented: "12"
    case .internal: "13"
    case .unavailable: "14"
    case .dataLoss: "15"
    case .unauthenticated: "16"
    }
  }
}

/// The end of a call: a code and, unless it is `ok`, a sentence for the caller.
package struct GRPCStatus: Error, Equatable, Sendable {
  package var code: GRPCCode
  package var message: String

  package init(_ code: GRPCCode, _ message: String = "") {
    self.code = code
    self.message = message
  }

  package static let ok = GRPCStatus(.ok)

  /// Clients take headers of a few kilobytes only; a longer message is cut.
  private static let messageBytesMax = 1024

  /// The message as `grpc-message` carries it.
  ///
  /// That is UTF-8, of which all but printable ASCII, and the percent sign, is written as `%XX`.
  var encodedMessage: [UInt8] {
    var encoded: [UInt8] = []
    for byte in message.unicodeScalarPrefix(bytesMax: Self.messageBytesMax) {
      if byte >= 0x20, byte <= 0x7e, byte != UInt8(ascii: "%") {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(Self.hexDigit(byte >> 4))
        encoded.append(Self.hexDigit(byte & 15))
      }
    }
    return encoded
  }

  /// Reads `grpc-message`; what is not a valid escape stands for itself.
  static func decodedMessage(_ encoded: UnsafeRawBufferPointer) -> String {
    var bytes: [UInt8] = []
    var index = 0
    while index < encoded.count {
      if encoded[index] == UInt8(ascii: "%"), index + 2 < encoded.count,
        let high = hexValue(encoded[index + 1]), let low = hexValue(encoded[index + 2])
      {
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(encoded[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension String {
  /// The UTF-8 of as many whole characters of Unicode as fit.
  fileprivate func unicodeScalarPrefix(bytesMax: Int) -> Substring.UTF8View {
    guard let end = utf8.index(startIndex, offsetBy: bytesMax, limitedBy: endIndex) else {
      return self[...].utf8
    }
    return self[..<end.samePosition(orBeforeIn: self)].utf8
  }
}

extension String.Index {
  /// The start of the Unicode scalar that a position among UTF-8 bytes is in.
  fileprivate func samePosition(orBeforeIn text: String) -> String.Index {
    var index = self
    while index.samePosition(in: text.unicodeScalars) == nil {
      index = text.utf8.index(before: index)
    }
    return index
  }
}
