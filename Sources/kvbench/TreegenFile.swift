import KVIndexer
import Tokenize

/// A workload of the peers' generator: lines of JSON, stores first and then queries.
///
///     {"op": "store", "worker": w, "parent": h or null, "blocks": [[sequence hash, local hash], …]}
///     {"op": "query", "kind": "full", "hashes": [local hash, …], "expect": {"w": depth, …}}
struct TreegenFile {
  struct Store {
    var worker: Int
    var parent: EngineHash?
    var hashes: [EngineHash]
    var locals: [UInt64]
  }

  struct Query {
    var kind: String
    var locals: [UInt64]
    /// Blocks by worker; those that hold nothing are left out.
    var expected: [Int: Int]
  }

  private(set) var stores: [Store] = []
  private(set) var queries: [Query] = []

  var workers: Int { (stores.map(\.worker).max() ?? -1) + 1 }
  var memberships: Int { stores.reduce(0) { $0 + $1.hashes.count } }

  /// Reads a file's content.
  init(_ bytes: [UInt8]) throws(JSONError) {
    try bytes.span.withUnsafeBytes { bytes throws(JSONError) in
      var start = 0
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        if !line.isEmpty { try readLine(line) }
        start = end + 1
      }
    }
  }

  private mutating func readLine(_ line: UnsafeRawBufferPointer) throws(JSONError) {
    var cursor = JSONCursor(line)
    var store = Store(worker: 0, parent: nil, hashes: [], locals: [])
    var query = Query(kind: "", locals: [], expected: [:])
    try cursor.beginObject()
    while let key = try cursor.nextKey() {
      if key == "kind" {
        query.kind = try cursor.string()
      } else if key == "hashes" {
        try Self.readIntegers(&cursor) { query.locals.append($0) }
      } else if key == "expect" {
        try cursor.beginObject()
        while let worker = try cursor.nextKey() {
          if let number = Int(worker.text) { query.expected[number] = try cursor.integer() }
        }
      } else if key == "worker" {
        store.worker = try cursor.integer()
      } else if key == "parent" {
        if !(try cursor.null()) { store.parent = EngineHash(UInt64(try cursor.integer())) }
      } else if key == "blocks" {
        try Self.readBlocks(&cursor, into: &store)
      } else {
        try cursor.skipValue()
      }
    }
    try cursor.finish()
    if query.kind.isEmpty { stores.append(store) } else { queries.append(query) }
  }

  private static func readIntegers(
    _ cursor: inout JSONCursor, _ body: (UInt64) -> Void
  ) throws(JSONError) {
    try cursor.beginArray()
    while try cursor.nextElement() { body(UInt64(bitPattern: Int64(try cursor.integer()))) }
  }

  private static func readBlocks(
    _ cursor: inout JSONCursor, into store: inout Store
  ) throws(JSONError) {
    try cursor.beginArray()
    while try cursor.nextElement() {
      var pair: [UInt64] = []
      try readIntegers(&cursor) { pair.append($0) }
      store.hashes.append(EngineHash(pair.first ?? 0))
      store.locals.append(pair.last ?? 0)
    }
  }
}
