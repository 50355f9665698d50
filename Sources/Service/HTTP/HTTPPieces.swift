import CMHD

/// A body that is sent piece by piece, each taken when its client has read those before it.
package final class HTTPPieces: @unchecked Sendable {
  private let byteCount: Int
  private let next: () -> [UInt8]?

  // Of the server's thread:
  private var piece: [UInt8] = []
  private var sentBytes = 0

  /// - Parameters:
  ///   - byteCount: Of all pieces together.
  ///   - next: Gives the next piece, nil after the last one; called on the server's thread, where
  ///     it must not wait.
  package init(byteCount: Int, next: sending @escaping () -> [UInt8]?) {
    self.byteCount = byteCount
    self.next = next
  }

  /// Makes an answer that reads the pieces.
  func answer() -> OpaquePointer? {
    let context = Unmanaged.passRetained(self)
    let answer = MHD_create_response_from_callback(
      UInt64(byteCount), 64 << 10,
      { context, _, buffer, bytesMax in
        guard let context else { return cmhd_end_with_error }
        return Unmanaged<HTTPPieces>.fromOpaque(context).takeUnretainedValue()
          .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: bytesMax))
      }, context.toOpaque(),
      { context in
        guard let context else { return }
        Unmanaged<HTTPPieces>.fromOpaque(context).release()
      })
    if answer == nil { context.release() }
    return answer
  }

  private func read(into out: UnsafeMutableRawBufferPointer) -> Int {
    while sentBytes == piece.count {
      guard let next = next() else { return cmhd_end_of_stream }
      piece = next
      sentBytes = 0
    }
    let part = piece[sentBytes...].prefix(out.count)
    out.copyBytes(from: part)
    sentBytes += part.count
    return part.count
  }
}
