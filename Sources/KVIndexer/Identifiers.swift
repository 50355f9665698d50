/// A token id as the engine's tokenizer numbers it.
public typealias TokenID = UInt32

/// An engine's own opaque handle for a block, reduced to 64 bits.
///
/// Integers keep their bit pattern (a negative `Int64` is the same handle as its `UInt64` twin);
/// byte strings of any length are reduced by a keyed XXH3. Only equality within one source and
/// cache group has a meaning.
public struct EngineHash: Hashable, Sendable, BitwiseCopyable {
  public var bits: UInt64
  @inlinable public init(_ bits: UInt64) { self.bits = bits }
}

/// Our own name for a block and everything before it: a chained, keyed hash of token ids.
///
/// Equal keys mean equal prefixes (up to a 64-bit collision): the key of a block hashes the key of
/// its parent, and the first parent is the root of a namespace.
public struct BlockKey: Hashable, Sendable, BitwiseCopyable {
  public var bits: UInt64
  @inlinable public init(_ bits: UInt64) { self.bits = bits }
}

/// One stream of KV events: an endpoint × a data-parallel rank.
///
/// Small and dense, so that answers can be arrays. An id is not reused while its source exists.
public struct SourceID: Hashable, Comparable, Sendable, BitwiseCopyable {
  public var index: Int
  @inlinable public init(_ index: Int) { self.index = index }
  @inlinable public static func < (a: SourceID, b: SourceID) -> Bool { a.index < b.index }
}

/// Counts the lives of one engine process behind a source; work of an old life is dropped.
public struct Incarnation: Hashable, Comparable, Sendable, BitwiseCopyable {
  public var number: UInt32
  @inlinable public init(_ number: UInt32) { self.number = number }
  @inlinable public static func < (a: Incarnation, b: Incarnation) -> Bool { a.number < b.number }
}

/// Where a source keeps a block.
public enum Tier: UInt8, CaseIterable, Hashable, Sendable {
  case gpu, cpu, disk, remote

  /// The lower-case name that answers and metrics use.
  public var name: String {
    switch self {
    case .gpu: "gpu"
    case .cpu: "cpu"
    case .disk: "disk"
    case .remote: "remote"
    }
  }
}
