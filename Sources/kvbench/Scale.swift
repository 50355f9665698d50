/// How large a run is.
struct Scale {
  var isSmoke = false
  var seed: UInt64 = 1

  /// The size of something: as measured, or as small as still exercises the code.
  func size(_ full: Int, smoke: Int) -> Int { isSmoke ? smoke : full }

  /// Times a measurement is repeated; the best round counts, since noise only ever adds.
  var rounds: Int { isSmoke ? 1 : 5 }
}
