/// The files that the demo's picker and Envoy are started with, in the form of `examples/`.
struct DemoFiles {
  let engines: [DemoEngine]
  let ports: DemoPorts

  /// The list of endpoints.
  var endpoints: String {
    "endpoints:\n"
      + engines.map { engine in
        let configuration = engine.server.configuration
        var port = ""
        if case .tcp(_, let number) = configuration.address { port = "\(number)" }
        let replay = configuration.replayEndpoint.map { "    replayEndpoint: \($0)\n" } ?? ""
        return """
          - name: \(engine.name)
            address: "127.0.0.1"
            port: "\(port)"
            model: \(configuration.model)
            kvEvents:
              endpoint: \(configuration.eventEndpoint)
          \(replay)
          """
      }.joined()
  }

  /// The picker's configuration.
  func picker(endpointsFile: String) -> String {
    """
    apiVersion: llm-d.ai/v1alpha1
    kind: EndpointPickerConfig
    plugins:
    - type: file-discovery
      parameters: {path: \(endpointsFile), watchFile: true}
    - type: token-producer
      parameters:
        # The engines themselves tell the tokens of a text.
        endpoints: {timeout: 2s}
    - type: endpoint-notification-source
    - type: precise-prefix-cache-producer
      parameters: {speculativeIndexing: true}
    - type: prefix-cache-scorer
      parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}
    - type: queue-scorer
    - type: kv-cache-utilization-scorer
    schedulingProfiles:
    - name: default
      plugins:
      - {pluginRef: prefix-cache-scorer, weight: 3}
      - {pluginRef: queue-scorer, weight: 2}
      - {pluginRef: kv-cache-utilization-scorer, weight: 2}
    dataLayer:
      discovery: {pluginRef: file-discovery}
      sources:
      - pluginRef: endpoint-notification-source
        extractors:
        - pluginRef: precise-prefix-cache-producer

    """
  }

  /// The picker's flags.
  func pickerFlags(configurationFile: String) -> [String] {
    [
      "--config-file=\(configurationFile)", "--bind-address=127.0.0.1",
      "--grpc-port=\(ports.processor)", "--grpc-health-port=\(ports.health)",
      "--metrics-port=\(ports.metrics)", "--admin-listen=127.0.0.1:\(ports.indexer)",
      "--secure-serving=false", "--emit-predictions",
    ]
  }

  /// Envoy's configuration: every request is shown to the picker, and goes where that says.
  var gateway: String {
    let listener = EnvoyConfiguration.Listener(
      name: "inference", port: ports.gateway, processorPort: ports.processor)
    return EnvoyConfiguration(adminPort: ports.gatewayAdmin, listeners: [listener]).text
  }
}
