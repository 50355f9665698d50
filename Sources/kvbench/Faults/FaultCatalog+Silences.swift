extension FaultCatalog {
  /// The engine serves requests, as its metrics tell, and its events do not arrive.
  static let silences: [Fault] = [
    Fault(
      "silent", "the file asks for a topic that the engine does not have", .state("silent"), mute
    ) { try $0.serve(until: "silent") },
    Fault(
      "unheard", "the same, and the ring has what is not heard", .state("lagging"), deaf
    ) { try $0.serve(until: "lagging") },
    Fault("silent-mended", "`silent`, then the file is corrected", .exact, mute, then: 3) {
      try listen($0)
    },
    Fault(
      "silent-mended-wrapped", "the same, and the ring keeps 8 messages", .either, mute.ring(8),
      then: 3
    ) { try listen($0) },
    Fault(
      "silent-later", "all messages are lost from some time on, no replay endpoint",
      .state("silent"), .plain.measured.withoutReplay
    ) { try loseAll($0) },
    Fault(
      "silent-for-a-while", "the same, then they arrive again", .either,
      .plain.measured.withoutReplay, then: 4
    ) { stand in
      try loseAll(stand)
      stand.subject.passage = { _, _ in .sent }
    },
  ]

  private static var deaf: Fault.Setup { .plain.late.measured.with { $0.isDeaf = true } }
  private static var mute: Fault.Setup { deaf.with { $0.hidesReplay = true } }

  private static func listen(_ stand: FaultStand) throws {
    try stand.serve(until: "silent")
    try stand.rewriteEndpoints(stand.listings)
  }

  private static func loseAll(_ stand: FaultStand) throws {
    stand.subject.passage = { _, _ in .lost }
    try stand.serve(until: "silent")
  }
}
