import KVIndexer

extension Demo {
  /// What runs, and what will be seen.
  static func introduction(_ options: DemoOptions, _ fleet: DemoFleet) -> String {
    let capacity = DemoTable.grouped(options.usableBlocks * options.blockSize)
    var text = """
      \(options.engines) simulated vLLM engines and the indexer in one process, over real \
      HTTP and ZeroMQ.
      Each engine has a KV cache of \(options.usableBlocks) blocks of \(options.blockSize) tokens: \
      \(capacity) tokens. Seed \(options.seed).


      """
    for engine in fleet.engines {
      let configuration = engine.server.configuration
      text += "  \(engine.name)  \(engine.server.url)  KV events \(configuration.eventEndpoint)\n"
    }
    text += """
        indexer   \(fleet.indexerURL)  gRPC \(fleet.indexerTarget)

      Chats on \(2 * options.engines) shared system prompts, for \(options.seconds) s. \
      Each request goes where the indexer says
      that most of its prompt is cached; one in ten goes elsewhere. In tokens:

        prompt     what the requests brought
        predicted  what the indexer said of the chosen endpoint before the request was
                   sent: matched and reserved tokens
        delivered  what the engine reported: usage.prompt_tokens_details.cached_tokens
        hits       delivered, of prompt
        resident   blocks that the indexer knows the endpoint to hold
        evicted    blocks that the engine dropped to make room

      An engine's KV events trail its requests. So each engine gets one request at a time,
      and its next one when the indexer has applied the events of the last: \
      \(options.engines) in flight
      at most, and predicted must equal delivered for every single request.


      """
    return text
  }

  /// The verdict; its last line is the count of equal predictions.
  static func conclusion(
    _ total: DemoTraffic.Tally, _ differences: [DemoTraffic.Exchange], _ fleet: DemoFleet
  ) -> String {
    var text = differences.isEmpty ? "\n" : "\nThe first predictions that differ:\n"
    for difference in differences {
      text += """
          \(fleet.engines[difference.engine].name): predicted \(difference.predictedTokens), \
        delivered \(difference.deliveredTokens) of \(difference.request.tokens.count) prompt \
        tokens\n
        """
    }
    return text + """
      \(total.equal) of \(total.requests) predictions equal (predicted \(total.predictedTokens) \
      tokens, delivered \(total.deliveredTokens) tokens)\n
      """
  }

  /// Commands to try while everything stays up.
  static func examples(_ fleet: DemoFleet, _ traffic: DemoTraffic) -> String {
    guard let engine = fleet.engines.first else { return "" }
    // Two blocks, and the one token more that an engine always computes.
    let tokens = traffic.recentPrompt.prefix(2 * engine.server.configuration.engine.blockSize + 1)
    let ids = tokens.map { "\($0)" }.joined(separator: ",")
    return """

      Everything stays up until Ctrl-C. Try in another terminal:

        curl -s \(fleet.indexerURL)/v1/score -d '{"tokens":[\(ids)]}'
        curl -s \(fleet.indexerURL)/v1/score -d '{"prompt":"Hello there"}'
        curl -s \(fleet.indexerURL)/v1/endpoints
        curl -s \(fleet.indexerURL)/v1/sources
        curl -s \(fleet.indexerURL)/metrics
        curl -s \(engine.server.url)/v1/completions -d '{"prompt":"Hello there","max_tokens":8}'


      """
  }
}
