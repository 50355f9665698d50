extension GatewayStage {
  func introduction(_ options: DemoOptions) -> String {
    let capacity = DemoTable.grouped(options.usableBlocks * options.blockSize)
    return """
      \(options.engines) simulated vLLM engines behind a real Envoy, which asks the picker `epp`
      where each request should go:

        chats ── HTTP ──▶ Envoy ──────────── HTTP ──────────▶ engine
                            │ ext_proc                          │
                            ▼                                   ▼
                           epp ◀── KV events, tokens of texts, load

        Envoy     \(gatewayURL)
        epp       127.0.0.1:\(ports.processor)  API \(indexerURL)  metrics on \(ports.metrics)
      \(DemoEngines.list(engines))\
        files     \(directory.path)/{envoy,epp,endpoints}.yaml

      Each engine has a KV cache of \(options.usableBlocks) blocks of \(options.blockSize) \
      tokens: \(capacity) tokens. Seed \(options.seed).
      \(clients) clients chat on \(2 * options.engines) shared system prompts for \
      \(options.seconds) s, as text; one session in four
      sends token ids instead, and one answer in three is streamed. In tokens:

        predicted    what epp said when it picked: x-kvindexer-predicted-tokens
        delivered    what the engine reported: usage.prompt_tokens_details.cached_tokens
        hits         delivered, of the prompts' tokens
        round robin  the hits that the same prompts would have had by turns, one after
                     the other, on such engines in memory
        resident     blocks that epp's index knows the engine to hold
        evicted      blocks that the engine dropped to make room

      KV events trail requests. So predicted must equal delivered for a request that is
      alone on its engine: nothing else is sent there, and no event is under way, from
      before it is sent until it is answered. Requests beside others are counted apart.


      """
  }

  func examples(_ traffic: DemoTraffic) -> String {
    guard let engine = engines.first else { return "" }
    let configuration = engine.server.configuration
    // Two blocks, and the one token more that an engine always computes.
    let tokens = traffic.recentPrompt.prefix(2 * configuration.engine.blockSize + 1)
    let ids = tokens.map { "\($0)" }.joined(separator: ",")
    let model = #""model":"\#(configuration.model)""#
    let chat = #""messages":[{"role":"user","content":"Hello there"}]"#
    return """

      Everything stays up until Ctrl-C. Try in another terminal; the headers of the first two
      tell who was picked and what was predicted:

        curl -si \(gatewayURL)/v1/chat/completions -d '{\(model),\(chat),"max_tokens":8}'
        curl -si \(gatewayURL)/v1/completions -d '{\(model),"prompt":[\(ids)],"max_tokens":8}'
        curl -s \(indexerURL)/v1/score -d '{"tokens":[\(ids)]}'
        curl -s \(indexerURL)/v1/score -d '{\(chat)}'
        curl -s \(indexerURL)/v1/endpoints
        curl -s \(indexerURL)/v1/sources
        curl -s http://127.0.0.1:\(ports.metrics)/metrics


      """
  }
}
