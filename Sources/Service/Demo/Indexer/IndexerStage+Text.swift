extension IndexerStage {
  func introduction(_ options: DemoOptions) -> String {
    let capacity = DemoTable.grouped(options.usableBlocks * options.blockSize)
    return """
      \(options.engines) simulated vLLM engines and the indexer in one process, over real \
      HTTP and ZeroMQ.
      Each engine has a KV cache of \(options.usableBlocks) blocks of \(options.blockSize) tokens: \
      \(capacity) tokens. Seed \(options.seed).

      \(DemoEngines.list(engines))\
        indexer   \(indexerURL)  gRPC \(indexerTarget)

      Chats on \(2 * options.engines) shared system prompts, for \(options.seconds) s. \
      Each request goes where the indexer says
      that most of its prompt is cached; one in ten goes elsewhere. In tokens:

        predicted    what the indexer said of the chosen endpoint before the request was
                     sent: matched and reserved tokens
        delivered    what the engine reported: usage.prompt_tokens_details.cached_tokens
        hits         delivered, of the prompts' tokens
        round robin  the hits that the same prompts would have had by turns, one after
                     the other, on such engines in memory
        resident     blocks that the indexer knows the endpoint to hold
        evicted      blocks that the engine dropped to make room

      An engine's KV events trail its requests. So each engine gets one request at a time,
      and its next one when the indexer has applied the events of the last: \
      \(min(options.engines, clients)) in flight
      at most, and predicted must equal delivered for every single request.


      """
  }

  func examples(_ traffic: DemoTraffic) -> String {
    guard let engine = engines.first else { return "" }
    // Two blocks, and the one token more that an engine always computes.
    let tokens = traffic.recentPrompt.prefix(2 * engine.server.configuration.engine.blockSize + 1)
    let ids = tokens.map { "\($0)" }.joined(separator: ",")
    return """

      Everything stays up until Ctrl-C. Try in another terminal:

        curl -s \(indexerURL)/v1/score -d '{"tokens":[\(ids)]}'
        curl -s \(indexerURL)/v1/score -d '{"prompt":"Hello there"}'
        curl -s \(indexerURL)/v1/endpoints
        curl -s \(indexerURL)/v1/sources
        curl -s \(indexerURL)/metrics
        curl -s \(engine.server.url)/v1/completions -d '{"prompt":"Hello there","max_tokens":8}'


      """
  }
}
