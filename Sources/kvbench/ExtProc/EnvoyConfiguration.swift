/// Envoy's file: for each way of routing a listener, in front of the same engines.
struct EnvoyConfiguration {
  struct Listener {
    var name: String
    var port: UInt16
    /// Of the ext_proc server; nil to take the destination from the client.
    var processorPort: UInt16?
  }

  var listeners: [Listener]

  /// In the form of llm-d's guides for gateways without Kubernetes.
  var text: String {
    """
    static_resources:
      listeners:
    \(listeners.map(Self.text(of:)).joined(separator: "\n"))
      clusters:
      - name: engines
        type: ORIGINAL_DST
        lb_policy: CLUSTER_PROVIDED
        connect_timeout: 5s
        original_dst_lb_config:
          use_http_header: true
          http_header_name: x-gateway-destination-endpoint
        \(Self.limits)
    \(listeners.compactMap(Self.cluster(of:)).joined(separator: "\n"))

    """
  }

  /// Envoy's own limit of 1,024 streams is not what is measured.
  private static let limits =
    "circuit_breakers: {thresholds: [{max_connections: 100000, max_pending_requests: "
    + "100000, max_requests: 100000, max_retries: 10}]}"

  private static func text(of listener: Listener) -> String {
    """
      - name: \(listener.name)
        address: {socket_address: {address: 127.0.0.1, port_value: \(listener.port)}}
        filter_chains:
        - filters:
          - name: envoy.filters.network.http_connection_manager
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.network.\
    http_connection_manager.v3.HttpConnectionManager
              stat_prefix: \(listener.name)
              codec_type: HTTP1
              stream_idle_timeout: 0s
              route_config:
                virtual_hosts:
                - name: all
                  domains: ["*"]
                  routes:
                  - match: {prefix: "/"}
                    route: {cluster: engines, timeout: 0s}
              http_filters:
    \(listener.processorPort == nil ? "" : filter(of: listener))
              - name: envoy.filters.http.router
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
    """
  }

  private static func filter(of listener: Listener) -> String {
    """
              - name: envoy.filters.http.ext_proc
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.\
    ExternalProcessor
                  failure_mode_allow: false
                  grpc_service:
                    envoy_grpc: {cluster_name: \(listener.name), authority: "localhost"}
                    timeout: 10s
                  message_timeout: 1000s
                  processing_mode:
                    request_header_mode: SEND
                    response_header_mode: SEND
                    request_body_mode: FULL_DUPLEX_STREAMED
                    response_body_mode: FULL_DUPLEX_STREAMED
                    request_trailer_mode: SEND
                    response_trailer_mode: SEND
    """
  }

  private static func cluster(of listener: Listener) -> String? {
    guard let port = listener.processorPort else { return nil }
    return """
        - name: \(listener.name)
          type: STATIC
          connect_timeout: 5s
          \(limits)
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config: {http2_protocol_options: {}}
          load_assignment:
            cluster_name: \(listener.name)
            endpoints:
            - lb_endpoints:
              - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}}
      """
  }
}
