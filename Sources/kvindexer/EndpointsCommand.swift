import Service

/// `kvindexer endpoints`: how far each endpoint can be believed, and how full its cache is.
enum EndpointsCommand: Command {
  static let help = """
    usage: kvindexer endpoints [OPTIONS]

    One line an endpoint: its trust, the blocks that it holds of those that fit, how many of them
    others hold too, their mean age, and over the last minute the blocks stored and removed a
    second and the time in which the cache turns over. A dash is what is not known.

      --endpoint NAME      this endpoint only
      --model NAME         endpoints of this model
    \(WatchOption.help)
    \(ServiceLocation.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let watch = try WatchOption(&arguments)
    var query = ServiceQuery("/v1/residency")
    query.add("endpoint", try arguments.option("--endpoint"))
    query.add("model", try arguments.option("--model"))
    try arguments.finish()
    try watch.show {
      let body = try location.ask(query.text)
      if location.isJSON { return [StyledText(String(decoding: body, as: UTF8.self))] }
      return EndpointsView.lines(try location.read(ResidencyAnswer.self, from: body))
    }
    return 0
  }
}
