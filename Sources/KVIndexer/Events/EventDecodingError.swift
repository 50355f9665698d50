/// Why a message as a whole can't be read, and where.
///
/// Its events are lost, so the state of its source is no longer exact.
public struct EventDecodingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong at `byteOffset`.
  public enum Cause: String, Sendable, CaseIterable {
    /// A value needs more bytes than the message has left.
    case truncated
    /// The byte 0xc1, which no msgpack value starts with.
    case reservedByte = "reserved_byte"
    /// Bytes follow the batch.
    case trailingBytes = "trailing_bytes"
    /// Well-formed msgpack, but no event batch.
    case wrongShape = "wrong_shape"
    /// A batch map lacks `ts` or `events`.
    case missingField = "missing_field"
  }

  public var cause: Cause
  /// From the start of the message.
  public var byteOffset: Int

  public init(_ cause: Cause, at byteOffset: Int) {
    self.cause = cause
    self.byteOffset = byteOffset
  }

  public var description: String {
    switch cause {
    case .truncated: "the event batch ends in the middle of a value, at byte \(byteOffset)"
    case .reservedByte: "byte \(byteOffset) of the event batch is 0xc1, which starts no value"
    case .trailingBytes: "the message goes on after the event batch, from byte \(byteOffset)"
    case .wrongShape: "the value at byte \(byteOffset) is not what an event batch has there"
    case .missingField: "the event batch, a map, has no `ts` or no `events` (byte \(byteOffset))"
    }
  }
}
