import EPPScorer
import Testing

@testable import Service

@Suite struct PickerFaultTests {
  private static let queue = "plugins: [{type: queue-scorer}]\n"

  @Test(arguments: ["", "null"])
  func `a configuration is a mapping`(_ text: String) {
    let error = #expect(throws: YAMLError.self) {
      try PickerConfiguration(parsing: Array(text.utf8), file: "c.yaml")
    }
    #expect(error?.faults.map(\.description) == ["c.yaml:1:1: expected a mapping, not null"])
  }

  @Test func `a missing version or kind is told with what to write`() {
    let error = #expect(throws: YAMLError.self) {
      try PickerConfiguration(parsing: Array("plugins: []\n".utf8), file: "c.yaml")
    }
    #expect(
      error?.faults.map(\.description) == [
        "c.yaml:1:1: the field 'apiVersion' is missing; write 'apiVersion: llm-d.ai/v1alpha1'",
        "c.yaml:1:1: the field 'kind' is missing; write 'kind: EndpointPickerConfig'",
      ])
  }

  @Test(arguments: ["llm-d.ai/v1alpha1", "llm-d.ai/v1", "inference.networking.x-k8s.io/v1alpha1"])
  func `every version is understood`(_ version: String) throws {
    let text = "apiVersion: \(version)\nkind: EndpointPickerConfig\n"
    let read = try PickerConfiguration(parsing: Array(text.utf8), file: "c.yaml")
    #expect(read.warnings.contains { $0.path == "apiVersion" } == version.hasPrefix("inference"))
  }

  @Test func `an unknown version names the nearest`() {
    let text = "apiVersion: llm-d.ai/v1alpha2\nkind: EndpointPikcerConfig\n"
    let error = #expect(throws: YAMLError.self) {
      try PickerConfiguration(parsing: Array(text.utf8), file: "c.yaml")
    }
    #expect(
      error?.faults.map(\.description) == [
        "c.yaml:1:13: apiVersion: expected llm-d.ai/v1alpha1, not 'llm-d.ai/v1alpha2'",
        "c.yaml:2:7: kind: expected EndpointPickerConfig, not 'EndpointPikcerConfig'",
      ])
  }

  @Test func `all faults are told at once with their places and nearest names`() {
    let body = """
      plugin: []
      plugins:
      - type: quee-scorer
      - {type: load-aware-scorer, parameters: {treshold: 5}}
      - {typ: max-score-picker}
      - {type: file-discovery}
      - {type: prefix-cache-scorer, parameters: {matchLengthWeight: 1.1}}
      - {type: token-producer, parameters: {vllm: {timeout: soon}}}
      schedulingProfiles:
      - name: default
        plugins:
        - {pluginRef: load-awar-scorer, weight: heavy}
        - {plugin: x}
      dataLayer:
        discovery: {pluginRef: file-disco}
      """
    #expect(
      pickerFaults(body) == [
        "c.yaml:3:1: plugin: unknown field; did you mean 'plugins'?",
        "c.yaml:5:9: plugins[0].type: there is no plugin type 'quee-scorer'; did you mean "
          + "'queue-scorer'?",
        "c.yaml:6:42: plugins[1].parameters.treshold: unknown field; did you mean 'threshold'?",
        "c.yaml:7:3: plugins[2]: the field 'type' is missing; is it the 'typ' of line 7?",
        "c.yaml:7:4: plugins[2].typ: unknown field; did you mean 'type'?",
        "c.yaml:8:3: plugins[3].parameters: the field 'path' is missing",
        "c.yaml:9:63: plugins[4].parameters.matchLengthWeight: expected a number from 0 to 1, not "
          + "'1.1'",
        "c.yaml:10:45: plugins[5].parameters.vllm: 'modelName' is needed beside it: the model that "
          + "the renderer serves",
        "c.yaml:10:55: plugins[5].parameters.vllm.timeout: expected a duration such as 5s, 1m30s "
          + "or 200ms, not 'soon'",
        "c.yaml:14:17: schedulingProfiles[0].plugins[0].pluginRef: references undefined plugin "
          + "'load-awar-scorer'; did you mean 'load-aware-scorer'?",
        "c.yaml:14:43: schedulingProfiles[0].plugins[0].weight: expected a number, not 'heavy'",
        "c.yaml:15:5: schedulingProfiles[0].plugins[1]: the field 'pluginRef' is missing; is it "
          + "the 'plugin' of line 15?",
        "c.yaml:15:6: schedulingProfiles[0].plugins[1].plugin: unknown field; did you mean "
          + "'pluginRef'?",
        "c.yaml:17:26: dataLayer.discovery.pluginRef: references undefined plugin 'file-disco'; "
          + "did you mean 'file-discovery'?",
      ])
  }

  private static let refused: [(body: String, fault: String)] = [
    ("featureGates: [flowControl]", "3:16: featureGates[0]: flowControl is not supported"),
    ("featureGates: ['flowControl=1']", "flowControl is not supported"),
    (
      "featureGates: [flowControl=qwerty]",
      "featureGates[0]: feature gate 'flowControl' is true or false, not 'qwerty'"
    ),
    (
      "featureGates: [flowcontrol]",
      "feature gate 'flowcontrol' is unknown or unregistered; did you mean 'flowControl'?"
    ),
    (
      "dataLayer: {peerDiscovery: {pluginRef: x}}",
      "3:28: dataLayer.peerDiscovery: this is not supported here: replicas exchange no state"
    ),
    (
      "\(queue)schedulingProfiles: [{name: a}, {name: b}]",
      "4:21: schedulingProfiles: no profile handler configured, and 2 profiles need one"
    ),
    (
      "\(queue)schedulingProfiles: [{name: a}, {name: a}]",
      "4:33: schedulingProfiles[1]: schedulingProfiles[0] has the name 'a' already"
    ),
    ("schedulingProfiles: [{plugins: []}]", "the field 'name' is missing"),
    (
      "plugins: [{type: queue-scorer}, {name: queue-scorer, type: random-picker}]",
      "3:33: plugins[1]: plugins[0] has the name 'queue-scorer' already"
    ),
    (
      "plugins: [{type: max-score-picker}, {type: random-picker}]",
      "3:37: plugins[1]: a profile has one picker, and 'max-score-picker' is one already"
    ),
    (
      "plugins: [{type: single-profile-handler}, {type: disagg-profile-handler}]",
      "there can be only one profile handler, and 'single-profile-handler' is one already"
    ),
    (
      "plugins: [{type: single-profile-handler}]\nschedulingProfiles: [{name: a}, {name: b}]",
      "3:11: plugins[0]: single-profile-handler"
    ),
    (
      "plugins: [{type: disagg-profile-handler}]\nschedulingProfiles: [{name: prefill}]",
      "3:11: plugins[0]: disagg-profile-handler decodes with profile 'decode'"
    ),
    (
      """
      plugins: [{type: disagg-profile-handler, parameters: {deciders: {prefill: d}}}]
      schedulingProfiles: [{name: decode}]
      """,
      "3:54: plugins[0].parameters: references undefined plugin 'd'"
    ),
    (
      """
      plugins: [{type: disagg-profile-handler, parameters: {stageOrder: decode-first, \
      decodeProfile: x}}]
      """,
      "'stageOrder' belongs to the nested form"
    ),
    (
      """
      plugins: [{type: disagg-profile-handler, parameters: {stageOrder: prefill-first, \
      deciders: {prefill: x}}}]
      """,
      "with 'stageOrder: prefill-first' every request is prefilled first"
    ),
    (
      "plugins: [{type: disagg-profile-handler, parameters: {stageOrder: first}}]",
      "expected one of 'decode-first', 'prefill-first', not 'first'"
    ),
    (
      "\(queue)schedulingProfiles: [{name: a, plugins: [{pluginRef: max-score-picker}]}]",
      "references undefined plugin 'max-score-picker'; the names are queue-scorer"
    ),
    (
      """
      plugins: [{name: q, type: queue-scorer}]
      schedulingProfiles: [{name: a, plugins: [{pluginRef: queue-scorer}]}]
      """,
      "references undefined plugin 'queue-scorer'; the plugin of that type has the name 'q'"
    ),
    (
      """
      plugins: [{type: openai-parser}]
      schedulingProfiles: [{name: a, plugins: [{pluginRef: openai-parser}]}]
      """,
      "'openai-parser' is of type openai-parser, which is no filter, scorer or picker"
    ),
    (
      "\(queue)requestHandler: {parsers: [{pluginRef: queue-scorer}]}",
      "'queue-scorer' is of type queue-scorer, not a parser plugin"
    ),
    (
      "\(queue)saturationDetector: {pluginRef: queue-scorer}",
      "'queue-scorer' is of type queue-scorer, not a saturation detector"
    ),
    ("\(queue)flowControl: {saturationDetector: {pluginRef: ''}}", "it must not be empty"),
    (
      "flowControl: {maxBytes: -1Gi, priorityBands: [{}]}",
      "3:25: flowControl.maxBytes: expected a quantity such as 500, 1Gi or 20M, not '-1Gi'"
    ),
    (
      "\(queue)dataLayer: {sources: [{pluginRef: queue-scorer}]}",
      "'queue-scorer' is of type queue-scorer, which is no data source"
    ),
    (
      """
      plugins: [{type: metrics-data-source}, {type: models-data-extractor}]
      dataLayer: {sources: [{pluginRef: metrics-data-source, extractors: [{pluginRef: \
      models-data-extractor}]}]}
      """,
      "which is no extractor for 'metrics-data-source'"
    ),
    (
      """
      plugins: [{type: prefix-cache-scorer, parameters: {prefixMatchInfoProducerName: \
      precis}}, {name: precise, type: precise-prefix-cache-producer}]
      """,
      """
      3:81: plugins[0].parameters.prefixMatchInfoProducerName: references undefined plugin \
      'precis'; did you mean 'precise'?
      """
    ),
    (
      """
      plugins: [{type: queue-scorer}, {type: prefix-cache-scorer, parameters: \
      {prefixMatchInfoProducerName: queue-scorer}}]
      """,
      "which produces no prefix hits"
    ),
    (
      """
      plugins: [{type: precise-prefix-cache-producer}, {name: p2, type: \
      precise-prefix-cache-producer}]
      """,
      "there is one index, so there can be only one"
    ),
    (
      "plugins: [{type: token-producer}, {type: tokenizer}]",
      "there can be only one token producer, and 'token-producer' is one already"
    ),
    (
      "plugins: [{type: token-load-scorer, parameters: {inFlightLoadProducerName: load}}]",
      """
      3:76: plugins[0].parameters.inFlightLoadProducerName: references undefined plugin 'load'
      """
    ),
    (
      "plugins: [{type: session-id-producer, parameters: {cookieName: c}}]",
      "sessions are known by headers; use 'headerName'"
    ),
    (
      """
      plugins: [{type: precise-prefix-cache-producer, parameters: {indexerConfig: \
      {kvBlockIndexConfig: {redisConfig: {address: x}}}}}]
      """,
      "the index lives in the process; to share one, run 'kvindexer serve'"
    ),
    (
      """
      plugins: [{type: precise-prefix-cache-producer, parameters: {tokenProcessorConfig: \
      {hashAlgorithm: sha256}}}]
      """,
      "expected one of 'cbor-fnv', 'xxh64', not 'sha256'"
    ),
    (
      "plugins: [{type: precise-prefix-cache-producer, parameters: {speculativeTTL: soon}}]",
      "invalid speculativeTTL \"soon\""
    ),
    (
      "plugins: [{type: core-metrics-extractor, parameters: {defaultEngine: vlm}}]",
      "there is no engine 'vlm'; did you mean 'vllm'?"
    ),
    (
      """
      plugins: [{type: prefix-cache-affinity-filter, parameters: {ttftSource: \
      latencyPredictor}}]
      """,
      "no latencies are predicted; use 'prefillThroughput'"
    ),
    (
      "plugins: [{type: token-producer, parameters: {estimate: {}, endpoints: {}}}]",
      "exactly one back-end may be configured, and there are 2: endpoints, estimate"
    ),
  ]

  @Test(arguments: refused)
  func `what does not fit is refused with a reason`(_ body: String, _ expected: String) {
    let faults = pickerFaults(body)
    #expect(faults.contains { $0.contains(expected) }, "\(faults)")
  }

  @Test(arguments: UnsupportedPlugins.types + ["multicluster-queue-scorer", "dcgm-data-source"])
  func `a plugin of llm-d that is not here says so`(_ type: String) {
    let faults = pickerFaults("plugins: [{type: \(type)}]")
    #expect(faults.count == 1)
    #expect(faults[0].hasPrefix("c.yaml:3:18: plugins[0].type: llm-d's '\(type)' is not supported"))
  }
}
