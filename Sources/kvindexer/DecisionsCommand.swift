import Service

/// `kvindexer decisions`: recent picks, predicted against delivered, with their regret.
enum DecisionsCommand: Command {
  static let help = """
    usage: kvindexer decisions [OPTIONS]

    One line a pick, the oldest first: the tokens that were predicted to be cached, those that the
    engine then reported, the difference, the regret (tokens that the best candidate held more), and
    what the prediction rests on, or why it was wrong.

      --limit N            the N latest (30)
      --follow             then those that come, each when its response has ended
      --endpoint NAME      sent to this endpoint
      --model NAME         for this model
    \(ServiceLocation.help)
    """

  private static let limitDefault = 30
  private static let period = Duration.seconds(1)

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let limit =
      try arguments.integer("--limit", in: 1...DecisionPages.limitMax) ?? limitDefault
    let follows = arguments.flag("--follow")
    let endpoint = try arguments.option("--endpoint")
    let model = try arguments.option("--model")
    var query = ServiceQuery("/v1/decisions")
    query.add("endpoint", endpoint)
    query.add("model", model)
    try arguments.finish()
    guard !follows || !location.isJSON else {
      throw UsageError(message: "--follow prints no JSON; `kvindexer record --decisions` does")
    }
    let pages = DecisionPages(location: location, query: query)
    if location.isJSON {
      print(String(decoding: try pages.json(limit: limit), as: UTF8.self))
      return 0
    }
    let answer = try pages.latest(limit)
    Screen.standardOutput.print(DecisionsView.lines(answer.decisions.reversed()))
    if follows { try follow(pages, after: answer, isWhole: endpoint == nil && model == nil) }
    return 0
  }

  /// - Parameter isWhole: Whether all decisions are shown, so that ids without one were forgotten.
  private static func follow(
    _ pages: DecisionPages, after answer: DecisionsAnswer, isWhole: Bool
  ) throws {
    let signal = StopSignal()
    let screen = Screen.standardOutput
    var follower = DecisionFollower()
    _ = follower.take(answer.decisions)
    var table = DecisionsView.table(answer.decisions)
    while !signal.wait(atMost: period) {
      let update: DecisionFollower.Update
      do {
        update = try pages.update(&follower)
      } catch let error as HTTPClientError {
        Log.standardError("kvindexer: decisions: \(error); asking again\n")
        continue
      }
      if update.isRestarted { screen.print([StyledText("The service began anew.", .doubtful)]) }
      if isWhole, update.forgotten > 0 {
        let count = Quantity.count(update.forgotten)
        screen.print([StyledText("\(count) were forgotten before they were read.", .doubtful)])
      }
      screen.print(update.ended.map { table.line(for: DecisionsView.row($0)) })
    }
  }
}
