/// The configurations that the picker is measured with.
enum PickerVariant: String {
  /// The prefix that KV events tell of, with token ids that come in requests or from a renderer.
  case precise
  /// The prefix that earlier requests tell of.
  case approximate

  /// The file's text.
  ///
  /// - Parameter renderer: Where text is turned into token ids; nil when all prompts are token ids.
  func text(endpointsFile: String, renderer: String?) -> String {
    """
    apiVersion: llm-d.ai/v1alpha1
    kind: EndpointPickerConfig
    plugins:
    - type: file-discovery
      parameters: {path: "\(endpointsFile)"}
    - type: queue-scorer
    - type: kv-cache-utilization-scorer
    - type: max-score-picker
    \(plugins(renderer))
    schedulingProfiles:
    - name: default
      plugins:
      - {pluginRef: prefix-cache-scorer, weight: 3}
      - {pluginRef: queue-scorer, weight: 2}
      - {pluginRef: kv-cache-utilization-scorer, weight: 2}
      - pluginRef: max-score-picker
    dataLayer:
      discovery: {pluginRef: file-discovery}

    """
  }

  private func plugins(_ renderer: String?) -> String {
    guard self == .precise else { return "- type: prefix-cache-scorer" }
    let tokens =
      renderer.map {
        """
        - type: token-producer
          parameters: {modelName: \(SharedPrompts.model), vllm: {url: "\($0)"}}

        """
      } ?? "- type: token-producer\n"
    return tokens + """
      - type: precise-prefix-cache-producer
        parameters: {tokenProcessorConfig: {blockSizeTokens: 16}, speculativeIndexing: true}
      - type: prefix-cache-scorer
        parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}
      """
  }
}
