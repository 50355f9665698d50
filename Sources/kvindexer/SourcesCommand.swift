import Service

/// `kvindexer sources`: the event sources in detail.
enum SourcesCommand: Command {
  static let help = """
    usage: kvindexer sources [OPTIONS]

    One line an event source, which is a rank of an endpoint: the ID by which
    `POST /v1/sources/ID/clear`, `/resync` and `/incarnation` take it, or ENDPOINT:RANK, which does
    as well; tokens a BLOCK, blocks RESIDENT, blocks STORED and REMOVED by events, the SEQUENCE of
    the last message, GAPS in them, and which LIFE of the engine's process it is. Below all of them
    stands why one is not exact.

      --endpoint NAME      this endpoint only
    \(ServiceLocation.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    var query = ServiceQuery("/v1/sources")
    query.add("endpoint", try arguments.option("--endpoint"))
    try arguments.finish()
    let body = try location.ask(query.text)
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
      return 0
    }
    let answer = try location.read(SourcesAnswer.self, from: body)
    Screen.standardOutput.print(SourcesView.lines(answer))
    return 0
  }
}
