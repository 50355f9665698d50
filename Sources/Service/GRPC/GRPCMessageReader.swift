/// Cuts the bytes of a call into messages: a flag, a length of four bytes, and the message.
///
/// A message that arrives in one piece is handed out where it lies; others are put together.
struct GRPCMessageReader: ~Copyable {
  enum Fault: Error, Equatable {
    case compressed
    case badFlag(UInt8)
    case tooLarge(bytes: Int)
  }

  private static let prefixBytes = 5

  private let messageBytesMax: Int
  /// The beginning of a message, its prefix included.
  private var held = ByteBuffer()
  /// The held message was handed out; it goes before the next byte comes.
  private var isDelivered = false

  /// Memory that messages take which are not handed out where they lie.
  var heldBytes: Int { held.count }

  init(messageBytesMax: Int) { self.messageBytesMax = messageBytesMax }

  /// Whether no message is incomplete.
  var isBetweenMessages: Bool { held.isEmpty || isDelivered }

  /// Takes bytes from the front of `chunk`, up to the end of a message.
  ///
  /// - Returns: The message, valid until the next call and as long as `chunk` is; nil when `chunk`
  ///   was used up.
  mutating func next(
    _ chunk: inout UnsafeRawBufferPointer
  ) throws(Fault) -> UnsafeRawBufferPointer? {
    if isDelivered {
      held.removeAll()
      isDelivered = false
    }
    if held.isEmpty, chunk.count >= Self.prefixBytes {
      let total = try totalBytes(chunk)
      if chunk.count >= total { return Self.body(Self.split(&chunk, total)) }
    }
    if held.count < Self.prefixBytes {
      held.append(Self.split(&chunk, Self.prefixBytes - held.count))
      guard held.count == Self.prefixBytes else { return nil }
    }
    let total = try totalBytes(held.bytes)
    held.append(Self.split(&chunk, total - held.count))
    guard held.count == total else { return nil }
    isDelivered = true
    return Self.body(held.bytes)
  }

  /// Keeps what `next` has just returned, for as long as `next` is not called again.
  mutating func hold(_ message: UnsafeRawBufferPointer) {
    guard !isDelivered else { return }
    held.append(0)
    held.append(bigEndian: UInt32(message.count))
    held.append(message)
    isDelivered = true
  }

  /// The last message, when it was put together or held; valid until `next` is called.
  var heldMessage: UnsafeRawBufferPointer? { isDelivered ? Self.body(held.bytes) : nil }

  /// The size that a prefix announces, the prefix included.
  private func totalBytes(_ prefix: UnsafeRawBufferPointer) throws(Fault) -> Int {
    guard prefix[0] == 0 else {
      throw prefix[0] == 1 ? .compressed : .badFlag(prefix[0])
    }
    let length = Int(UInt32(bigEndian: prefix.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    guard length <= messageBytesMax else { throw .tooLarge(bytes: length) }
    return Self.prefixBytes + length
  }

  /// Takes at most `count` bytes from the front.
  private static func split(
    _ chunk: inout UnsafeRawBufferPointer, _ count: Int
  ) -> UnsafeRawBufferPointer {
    let taken = UnsafeRawBufferPointer(rebasing: chunk.prefix(count))
    chunk = UnsafeRawBufferPointer(rebasing: chunk.dropFirst(count))
    return taken
  }

  private static func body(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: message.dropFirst(prefixBytes))
  }
}
