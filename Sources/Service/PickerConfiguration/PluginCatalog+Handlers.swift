import EPPScorer

extension PluginCatalog {
  static let handlers: [String: Entry] = [
    SingleProfileHandler.type: bare(SingleProfileHandler()),
    DataParallelProfileHandler.type: Entry { parameters in
      var handler = DataParallelProfileHandler()
      var port = Int(handler.primaryPort)
      parameters.read("primaryPort", into: &port, in: 1...65_535)
      handler.primaryPort = UInt16(port)
      return handler
    },
    HeaderProfileHandler.type: Entry(isAlpha: true) { parameters in
      var handler = HeaderProfileHandler()
      parameters.header("headerName", into: &handler.headerName)
      parameters.read("defaultProfile", into: &handler.defaultProfile)
      return handler
    },
    DisaggProfileHandler.type: Entry { disaggProfileHandler(&$0) },
    "pd-profile-handler": Entry(deprecation: "use \(DisaggProfileHandler.type)") {
      prefillProfileHandler(&$0)
    },
    DisaggHeadersHandler.type: idle(DisaggHeadersHandler(), headersReason),
    "prefill-header-handler": idle(DisaggHeadersHandler(), headersReason),
  ]

  private static let headersReason = "the profile handler sets the headers of a divided request"

  private enum Nested { static let names = ["stageOrder", "profiles", "deciders"] }
  private enum Flat {
    static let names = [
      "decodeProfile", "prefillProfile", "encodeProfile", "prefillDeciderPluginName",
      "encodeDeciderPluginName", "deciderPluginName",
    ]
  }

  /// Reads the nested form, or the flat one of old; one of them alone.
  private static func disaggProfileHandler(
    _ parameters: inout PluginParameters
  ) -> DisaggProfileHandler {
    var handler = DisaggProfileHandler()
    let nested = Nested.names.filter { parameters.optional($0) != nil }
    let flat = Flat.names.filter { parameters.optional($0) != nil }
    if let new = nested.first, let old = flat.first {
      parameters.value.reject(
        "'\(new)' belongs to the nested form and '\(old)' to the flat form of old; use the nested "
          + "one alone: \(Nested.names.joined(separator: ", "))")
    } else if let old = flat.first {
      parameters.deprecated(old, "use 'profiles' and 'deciders'")
    }
    if let order = parameters.choice("stageOrder", DisaggProfileHandler.StageOrder.self) {
      handler.order = order
    }
    parameters.nested("profiles") {
      $0.read("decode", into: &handler.decodeProfile)
      $0.read("prefill", into: &handler.prefillProfile)
      $0.read("encode", into: &handler.encodeProfile)
    }
    parameters.nested("deciders") {
      let prefill = $0.optional("prefill")
      $0.read("prefill", into: &handler.prefillDecider)
      $0.read("encode", into: &handler.encodeDecider)
      if handler.order == .prefillFirst, handler.prefillDecider != nil {
        prefill?.reject(
          "with 'stageOrder: prefill-first' every request is prefilled first, and nothing decides")
      }
    }
    parameters.read("decodeProfile", into: &handler.decodeProfile)
    parameters.read("prefillProfile", into: &handler.prefillProfile)
    parameters.read("encodeProfile", into: &handler.encodeProfile)
    parameters.read("deciderPluginName", into: &handler.prefillDecider)
    parameters.read("prefillDeciderPluginName", into: &handler.prefillDecider)
    parameters.read("encodeDeciderPluginName", into: &handler.encodeDecider)
    return handler
  }

  private static func prefillProfileHandler(
    _ parameters: inout PluginParameters
  ) -> DisaggProfileHandler {
    var handler = DisaggProfileHandler()
    parameters.read("decodeProfile", into: &handler.decodeProfile)
    parameters.read("prefillProfile", into: &handler.prefillProfile)
    parameters.read("deciderPluginName", into: &handler.prefillDecider)
    var port = 0
    parameters.read("primaryPort", into: &port, in: 0...65_535)
    handler.primaryPort = port > 0 ? UInt16(port) : nil
    parameters.need(.defaultPrefixHits, "prefixMatchInfoProducerName")
    for name in ["prefixPluginType", "prefixPluginName"] {
      parameters.ignore(name, "deciders read the default producer of prefix hits")
    }
    return handler
  }

  static let deciders: [String: Entry] = [
    AlwaysDisaggPDDecider.type: bare(AlwaysDisaggPDDecider()),
    AlwaysDisaggMultimodalDecider.type: bare(AlwaysDisaggMultimodalDecider()),
    PrefixBasedPDDecider.type: Entry { parameters in
      var decider = PrefixBasedPDDecider()
      parameters.read("nonCachedTokens", into: &decider.nonCachedTokens)
      parameters.read("promptTokens", into: &decider.promptTokens)
      return decider
    },
  ]
}
