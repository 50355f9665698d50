/// What a message of an engine's event or replay socket is, by the number of its frames.
///
/// ```
/// live     [topic, sequence, payload]      [sequence, payload]
/// replay   ["", topic, sequence, payload]  ["", sequence, payload]
/// its end  ["", "", ff × 8, ""]            ["", ff × 8, ""]
/// ```
///
/// The shorter forms come from engines that leave the topic out. Sequences are big-endian, of one
/// to eight bytes.
package enum EventMessage: Equatable {
  /// A batch of events, in the frame of this index; `topic` too is the index of a frame.
  case batch(sequence: UInt64, payload: Int, topic: Int?)
  /// The end of a replay.
  case end
  case malformed

  package static func live(_ message: MultipartMessage) -> EventMessage {
    guard message.count == 2 || message.count == 3,
      let sequence = sequence(in: message.frame(message.count - 2)), sequence != UInt64.max
    else { return .malformed }
    return .batch(
      sequence: sequence, payload: message.count - 1, topic: message.count == 3 ? 0 : nil)
  }

  package static func replay(_ message: MultipartMessage) -> EventMessage {
    guard message.count == 3 || message.count == 4, message.frame(0).isEmpty,
      let sequence = sequence(in: message.frame(message.count - 2))
    else { return .malformed }
    let payload = message.count - 1
    if sequence == UInt64.max { return message.frame(payload).isEmpty ? .end : .malformed }
    return .batch(sequence: sequence, payload: payload, topic: message.count == 4 ? 1 : nil)
  }

  private static func sequence(in frame: UnsafeRawBufferPointer) -> UInt64? {
    guard (1...8).contains(frame.count) else { return nil }
    return frame.reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension UInt64 {
  /// The eight bytes of a sequence frame.
  package var sequenceFrame: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
