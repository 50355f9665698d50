import Service

/// `kvindexer residency`: what is resident where, and which prefixes are worth most.
enum ResidencyCommand: Command {
  static let help = """
    usage: kvindexer residency [OPTIONS]

    Blocks, tokens and bytes of every endpoint by tier, against what fits, and the namespaces that
    they belong to. With --prefixes the stretches of blocks that are worth most: blocks × holders ×
    (1 + recent reads).

      --endpoint NAME      this endpoint only
      --model NAME         endpoints of this model
      --tier TIER          gpu, cpu, disk or remote
      --namespace ID       blocks of this namespace
      --prefixes           the most valuable prefixes instead
      --depth N            with --prefixes: a tree from the roots, N levels deep (1 to 8)
      --limit N            with --prefixes: so many, or so many children of each (20)
    \(WatchOption.help)
    \(ServiceLocation.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let watch = try WatchOption(&arguments)
    let endpoint = try arguments.option("--endpoint")
    let model = try arguments.option("--model")
    let tier = try arguments.option("--tier")
    let namespace = try arguments.option("--namespace")
    let showsPrefixes = arguments.flag("--prefixes")
    let depth = try arguments.integer("--depth", in: 1...8)
    let limit = try arguments.integer("--limit", in: 1...1000)
    try arguments.finish()
    guard showsPrefixes || (depth == nil && limit == nil) else {
      throw UsageError(message: "--depth and --limit belong to --prefixes")
    }
    guard !showsPrefixes || tier == nil else {
      throw UsageError(message: "--prefixes knows no --tier: the holders of a prefix name theirs")
    }
    var query = ServiceQuery(showsPrefixes ? "/v1/prefixes" : "/v1/residency")
    query.add("endpoint", endpoint)
    query.add("model", model)
    query.add("tier", tier)
    query.add("namespace", namespace)
    if showsPrefixes {
      let walk = PrefixWalk(
        location: location, query: query, depth: depth, limit: limit ?? PrefixWalk.limitDefault)
      try watch.show {
        location.isJSON ? [StyledText(try walk.json())] : try walk.lines()
      }
    } else {
      try watch.show {
        let body = try location.ask(query.text)
        if location.isJSON { return [StyledText(String(decoding: body, as: UTF8.self))] }
        return ResidencyView.lines(try location.read(ResidencyAnswer.self, from: body))
      }
    }
    return 0
  }
}
