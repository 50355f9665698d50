import EPPScorer

extension PluginCatalog {
  static let otherProducers: [String: Entry] = [
    TokenProducer.type: Entry { tokenProducer(&$0) },
    "tokenizer": Entry(deprecation: "use \(TokenProducer.type)") { tokenProducer(&$0) },
    InFlightLoadProducer.type: Entry { parameters in
      var producer = InFlightLoadProducer()
      parameters.read("addEstimatedOutputTokens", into: &producer.addEstimatedOutputTokens)
      parameters.read("outputRatio", into: &producer.outputRatio)
      parameters.read("maxEstimatedOutputTokens", into: &producer.maxEstimatedOutputTokens)
      parameters.read(
        "prefixMatchInfoProducerName", into: &producer.prefixMatchInfoProducerName)
      parameters.ignore("syncCrossReplicaState", "replicas exchange no state")
      return producer
    },
    SessionIDProducer.type: Entry { parameters in
      parameters.refuse("cookieName", "sessions are known by headers; use 'headerName'")
      guard parameters.optional("cookieName") == nil,
        let header = parameters.requiredText("headerName")
      else { return nil }
      return SessionIDProducer(headerName: header.lowercased())
    },
  ]

  // MARK: Tokens

  private static func tokenProducer(_ parameters: inout PluginParameters) -> TokenProducer {
    var producer = TokenProducer()
    parameters.read("modelName", into: &producer.modelName)
    parameters.read("required", into: &producer.isRequired)
    let given = ["vllm", "endpoints", "estimate", "udsTokenizerConfig"].filter {
      parameters.optional($0) != nil
    }
    if given.count > 1 {
      parameters.value.reject(
        "exactly one back-end may be configured, and there are \(given.count): "
          + given.joined(separator: ", "))
    }
    parameters.nested("vllm") { vllm in
      var url = "http://localhost:8000"
      vllm.read("url", into: &url)
      if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
        vllm.optional("url")?.reject("expected http://HOST:PORT or https://HOST:PORT, not '\(url)'")
      }
      let (timeout, mediaTimeout) = timeouts(&vllm)
      producer.backend = .vllm(url: url, timeout: timeout, mediaTimeout: mediaTimeout)
    }
    if let vllm = parameters.optional("vllm"), producer.modelName == nil {
      vllm.reject("'modelName' is needed beside it: the model that the renderer serves")
    }
    parameters.nested("endpoints") {
      let (timeout, mediaTimeout) = timeouts(&$0)
      producer.backend = .endpoints(timeout: timeout, mediaTimeout: mediaTimeout)
    }
    parameters.nested("estimate") {
      producer.backend = .estimate(tokensPerImage: tokensPerImage(&$0))
    }
    let model = producer.modelName ?? "MODEL"
    parameters.refuse("udsTokenizerConfig", TokenProducer.advice(after: "it", model: model))
    return producer
  }

  private static func timeouts(_ parameters: inout PluginParameters) -> (Duration, Duration) {
    var timeout = TokenProducer.Backend.timeoutDefault
    var mediaTimeout = TokenProducer.Backend.mediaTimeoutDefault
    parameters.read("timeout", into: &timeout)
    parameters.read("mmTimeout", into: &mediaTimeout)
    return (timeout, mediaTimeout)
  }

  private enum ImageMode: String, CaseIterable {
    case `static`
    case dynamic
  }

  /// What every image counts; its own size is not looked at.
  private static func tokensPerImage(_ parameters: inout PluginParameters) -> Int {
    var (tokens, mode) = (0, ImageMode.dynamic)
    var (width, height, factor) = (640, 360, 1024)
    parameters.nested("image") { image in
      mode = image.choice("mode") ?? .dynamic
      image.nested("static") { $0.read("staticToken", into: &tokens, in: 0...1_000_000) }
      image.nested("dynamic") { $0.read("factor", into: &factor, in: 1...1_000_000) }
      image.nested("defaultResolution") {
        $0.read("width", into: &width, in: 1...100_000)
        $0.read("height", into: &height, in: 1...100_000)
      }
      if mode == .dynamic {
        image.value.warn("every image counts as one of 'defaultResolution', whatever its size")
      }
    }
    parameters.ignore("video", "a video counts as an image does")
    return mode == .static ? tokens : width * height / factor
  }
}

extension TokenProducer {
  /// What to write in place of a tokenizer of old.
  static func advice(after old: String, model: String = "MODEL") -> String {
    "tokens come from a renderer, which knows the chat template that the engine uses; in place of "
      + "\(old) write '- {type: token-producer, parameters: {modelName: \(model), vllm: {url: "
      + "\"http://HOST:8000\"}}}' with the address of a vLLM that was started with "
      + "--enable-scale-out, or 'endpoints: {}' for 'vllm' to have the endpoints themselves asked"
  }
}
