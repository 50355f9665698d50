/// How large a run is.
struct Scale {
  var isSmoke = false
  var seed: UInt64 = 1

  /// Part of the names of the cells that are wanted; nil for all.
  var only: String?

  /// Whether the cell of this name is wanted.
  func wants(_ cell: String) -> Bool {
    guard let only else { return true }
    let name = Array(cell.utf8)
    let part = Array(only.utf8)
    return name.count >= part.count
      && (0...name.count - part.count).contains { name[$0...].starts(with: part) }
  }

  /// The size of something: as measured, or as small as still exercises the code.
  func size(_ full: Int, smoke: Int) -> Int { isSmoke ? smoke : full }

  /// Times a measurement is repeated; the best round counts, since noise only ever adds.
  var rounds: Int { isSmoke ? 1 : 5 }
}
