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
    """
    admin:
      address: {socket_address: {address: 127.0.0.1, port_value: \(ports.gatewayAdmin)}}
    static_resources:
      listeners:
      - name: inference
        address: {socket_address: {address: 127.0.0.1, port_value: \(ports.gateway)}}
        # Two Envoys would share the port without a word.
        enable_reuse_port: false
        filter_chains:
        - filters:
          - name: envoy.filters.network.http_connection_manager
            typed_config:
              "@type": \(Self.type("network.http_connection_manager.v3.HttpConnectionManager"))
              stat_prefix: inference
              stream_idle_timeout: 0s
              route_config:
                virtual_hosts:
                - name: all
                  domains: ["*"]
                  routes:
                  - match: {prefix: "/"}
                    route: {cluster: picked, timeout: 0s}
              http_filters:
              - name: envoy.filters.http.ext_proc
                typed_config:
                  "@type": \(Self.type("http.ext_proc.v3.ExternalProcessor"))
                  grpc_service: {envoy_grpc: {cluster_name: epp}, timeout: 10s}
                  processing_mode:
                    request_header_mode: SEND
                    response_header_mode: SEND
                    request_body_mode: FULL_DUPLEX_STREAMED
                    response_body_mode: FULL_DUPLEX_STREAMED
                    request_trailer_mode: SEND
                    response_trailer_mode: SEND
                  message_timeout: 1000s
              - name: envoy.filters.http.router
                typed_config:
                  "@type": \(Self.type("http.router.v3.Router"))
      clusters:
      - name: picked
        type: ORIGINAL_DST
        lb_policy: CLUSTER_PROVIDED
        connect_timeout: 2s
        original_dst_lb_config:
          use_http_header: true
          http_header_name: x-gateway-destination-endpoint
      - name: epp
        type: STATIC
        connect_timeout: 2s
        typed_extension_protocol_options:
          envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
            "@type": \(Self.type("http.v3.HttpProtocolOptions", of: "upstreams"))
            explicit_http_config: {http2_protocol_options: {}}
        load_assignment:
          cluster_name: epp
          endpoints:
          - lb_endpoints:
            - endpoint:
                address: {socket_address: {address: 127.0.0.1, port_value: \(ports.processor)}}

    """
  }

  private static func type(_ name: String, of kind: String = "filters") -> String {
    "type.googleapis.com/envoy.extensions.\(kind).\(name)"
  }
}
