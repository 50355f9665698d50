extension FaultCatalog {
  /// One engine under two names: whose requests it serves can't be known.
  static let names: [Fault] = [
    Fault(
      "two-names", "the endpoints file names the engine twice, its host spelt in two ways",
      contested, .plain.with { $0.engine.isEverywhere = true }
    ) { stand in
      try nameAgain(stand, at: "localhost")
      try stand.serve(until: contestedState)
    },
    Fault(
      "two-names-address", "the engine is registered, and the file names its address, too",
      contested, registered, then: 4
    ) { try nameAgain($0) },
    Fault("two-names-mended", "the same, then one of the names goes", .exact, registered, then: 3) {
      stand in
      try nameAgain(stand)
      try stand.serve(until: contestedState)
      stand.aliases = []
      try stand.rewriteEndpoints(stand.listings)
    },
    Fault(
      "two-names-refused", "one file gives an address to two names: it is not taken", .exact,
      then: 4
    ) { stand in
      try stand.rewriteEndpoints(stand.listings + [FaultStand.Listing(stand.subject, as: "c")])
    },
  ]

  private static let contestedState = "mismatched(identity)"
  private static var contested: Fault.End { .state(contestedState) }

  private static func nameAgain(_ stand: FaultStand, at host: String? = nil) throws {
    stand.aliases = ["c"]
    try stand.rewriteEndpoints(
      stand.listings + [FaultStand.Listing(stand.subject, as: "c", at: host)])
  }
}
