/// The format of a snapshot: what an index knows, so that another process can go on from there.
///
///     file     │ header │ layout │ source │ source │ … │ tree │ tree │ … │ end │
///     header   │ magic 8 │ version 4 │ 0 4 │ key check 8 │ written at 8 │ XXH3 of all that 8 │
///     section  │ tag 4 │ 0 4 │ length 8 │ payload │ XXH3 of the payload, seeded by that of what is
///              before it and of the section's place 8 │
///     layout   │ bound of run numbers 4 │ runs 4 │ blocks that are held 8 │ namespaces │
///     source   │ who it is │ stream │ cache groups: lanes, copies, aliases, pending │ orphans │
///     tree     runs, one after the other:
///              │ number 4 │ parent 4 │ depth 4 │ age 4 │ namespace 2 │ blocks 2 │ holders 4 │
///              │ block keys, 8 each │ engine hashes, sealed, 8 each │ holders │
///     holder   │ lane 2 │ first n blocks 2 │, or n = 0 and a bitmap of the run's blocks
///     end      │ sections 8 │ runs 8 │ blocks 8 │ residencies 8 │
///
/// Numbers are little endian; texts are a length (4) and UTF-8, lists a count (4) and their
/// elements. A run is written once for all its holders, so a residency costs what it costs in the
/// index. A run's parent may stand behind it: runs are written in the order of their storage.
///
/// A snapshot holds no token and no text. Block keys are keyed hashes already. Engine hashes are
/// not: vLLM's default seed is known, so that whoever has a prompt could look for it. They are
/// *sealed* by a keyed permutation (`HashSeal`). Names of endpoints, models and adapters are there.
///
/// Reading is total: a section's checksum is verified before anything of it is taken, what the
/// checksums can't tell (another writer's mistake) is an error that names its section, and what was
/// taken counts only when the end has come. The sources are before the tree, so that a reader can
/// choose among them; the numbers in the layout only say how much room to make.
///
/// Rejected: images of the arenas (they load faster, but a wrong one can't be told from a right
/// one, and sources that are gone can't be left out); entries by residency (a prefix that 64
/// sources hold would be written 64 times).
enum SnapshotFormat {
  static let magic: UInt64 = 0x0050_414E_5349_564B  // "KVISNAP\0"
  static let version: UInt32 = 2
  static let headerBytes = 40
  static let runHeaderBytes = 24
  /// About so many bytes make a section of the tree.
  static let treeSectionBytes = 192 << 10
}

/// The parts of a snapshot, by the tags of its sections.
package enum SnapshotSection: UInt32, Sendable, CaseIterable {
  case header = 0
  case layout = 0x5459_414C  // "LAYT"
  case source = 0x4352_5553  // "SURC"
  case tree = 0x4545_5254  // "TREE"
  case end = 0x5344_4E45  // "ENDS"
}

/// Why a snapshot can't be used.
package enum SnapshotError: Error, Equatable, CustomStringConvertible {
  case notASnapshot
  case otherVersion(UInt32)
  /// It was written under another hash key.
  case otherKey
  case truncated(SnapshotSection)
  case damaged(SnapshotSection, String)
  /// It holds more than the index may take.
  case overBudget(bytes: Int)
  /// Whatever it is read from fails.
  case unreadable(String)

  package var description: String {
    switch self {
    case .notASnapshot: "it is no snapshot of an index"
    case .unreadable(let reason): reason
    case .otherVersion(let version):
      "its format is version \(version), not \(SnapshotFormat.version)"
    case .otherKey:
      "it was written under another hash key; give both processes the same --hash-key-file"
    case .truncated(let section): "it ends within its section '\(section)'"
    case .damaged(let section, let reason): "its section '\(section)' is damaged: \(reason)"
    case .overBudget(let bytes):
      "it holds more than the index may take (\(bytes) bytes); raise --memory-budget"
    }
  }
}

/// What the first bytes of a snapshot say.
package struct SnapshotHeader: Sendable, Equatable {
  /// Tells one hash key from another without telling anything of it.
  package var keyCheck: UInt64
  /// Seconds since 1970.
  package var writtenAt: UInt64
}

/// What the last section says of all before it.
package struct SnapshotTotals: Sendable, Equatable {
  package internal(set) var sections = 0
  package internal(set) var runs = 0
  package internal(set) var blocks = 0
  package internal(set) var residencies = 0
}
