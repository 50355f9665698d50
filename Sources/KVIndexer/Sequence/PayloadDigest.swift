internal import CXXH

/// A digest of a message's raw payload, by which two sightings of one sequence are compared.
///
/// Payloads carry the engine's clock, so messages of two lives of an engine differ even where
/// their events are equal.
public struct PayloadDigest: Hashable, Sendable, BitwiseCopyable {
  public var bits: UInt64

  public init(_ bits: UInt64) { self.bits = bits }

  /// Digests `payload` by XXH3, 64 bits, unkeyed.
  public init(of payload: UnsafeRawBufferPointer) {
    bits = XXH3_64bits(payload.baseAddress, payload.count)
  }
}
