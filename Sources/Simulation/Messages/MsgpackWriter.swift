import CMsgpack

/// A growing msgpack message, written by libmsgpack in its shortest forms.
package struct MsgpackWriter: ~Copyable {
  private let buffer: UnsafeMutablePointer<msgpack_sbuffer>
  private var packer = msgpack_packer()

  package init() {
    buffer = .allocate(capacity: 1)
    msgpack_sbuffer_init(buffer)
    msgpack_packer_init(&packer, buffer) { msgpack_sbuffer_write($0, $1, $2) }
  }

  deinit {
    msgpack_sbuffer_destroy(buffer)
    buffer.deallocate()
  }

  /// What was written so far.
  package var bytes: [UInt8] {
    Array(UnsafeRawBufferPointer(start: buffer.pointee.data, count: buffer.pointee.size))
  }

  package mutating func writeNil() { check(msgpack_pack_nil(&packer)) }
  package mutating func write(_ value: Double) { check(msgpack_pack_double(&packer, value)) }
  package mutating func write(_ value: Int64) { check(msgpack_pack_int64(&packer, value)) }
  package mutating func write(_ value: UInt64) { check(msgpack_pack_uint64(&packer, value)) }

  package mutating func write(_ text: String) {
    var text = text
    text.withUTF8 { check(msgpack_pack_str_with_body(&packer, $0.baseAddress, $0.count)) }
  }

  package mutating func write(_ bytes: [UInt8]) {
    check(bytes.withUnsafeBytes { msgpack_pack_bin_with_body(&packer, $0.baseAddress, $0.count) })
  }

  /// Opens an array; its elements follow.
  package mutating func openArray(count: Int) { check(msgpack_pack_array(&packer, count)) }

  /// Opens a map; keys and values follow in turn.
  package mutating func openMap(count: Int) { check(msgpack_pack_map(&packer, count)) }

  private func check(_ status: Int32) {
    precondition(status == 0, "libmsgpack can't grow a message of \(buffer.pointee.size) bytes")
  }
}
