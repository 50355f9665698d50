/// Why bytes are not a protobuf message, and where.
package struct ProtobufError: Error, Equatable, CustomStringConvertible {
  package enum Fault: Equatable, Sendable {
    case truncated
    case varintTooLong
    case invalidFieldNumber
    case invalidWireType(UInt8)
    /// A group, the delimited encoding that protobuf has given up.
    case group
    case tooDeep(depthMax: Int)
    /// A packed array of numbers of fixed width whose length is not a multiple of the width.
    case unevenArray
    case invalidUTF8
  }

  package var fault: Fault
  /// Bytes from the start of the outermost message.
  package var offset: Int

  init(_ fault: Fault, at offset: Int) {
    self.fault = fault
    self.offset = offset
  }

  package var description: String {
    let sentence =
      switch fault {
      case .truncated: "the message ends too early"
      case .varintTooLong: "a number has more than 64 bits"
      case .invalidFieldNumber: "not a field number"
      case .invalidWireType(let type): "the wire type \(type) does not exist"
      case .group: "groups are not supported"
      case .tooDeep(let depthMax): "more than \(depthMax) levels of nesting"
      case .unevenArray: "the array ends inside a number"
      case .invalidUTF8: "the string is not UTF-8"
      }
    return "\(sentence), at byte \(offset)"
  }
}
