/// Envoy's file: listeners in front of the same engines, each of which shows every request to an
/// ext_proc server, or to none.
package struct EnvoyConfiguration {
  package struct Listener {
    package var name: String
    package var port: UInt16
    /// Of the ext_proc server; nil to take the destination from the client.
    package var processorPort: UInt16?

    package init(name: String, port: UInt16, processorPort: UInt16? = nil) {
      self.name = name
      self.port = port
      self.processorPort = processorPort
    }
  }

  private var adminPort: UInt16?
  private var listeners: [Listener]

  /// - Parameter adminPort: Of Envoy's own pages; nil for none.
  package init(adminPort: UInt16? = nil, listeners: [Listener]) {
    self.adminPort = adminPort
    self.listeners = listeners
  }

  /// In the form of llm-d's guides for gateways without Kubernetes.
  package var text: String {
    """
    \(admin)
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

  /// What Envoy is started with, on one thread; it keeps nothing of earlier runs.
  package static func arguments(file: String) -> [String] {
    ["-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
  }

  private var admin: String {
    adminPort.map {
      "admin: {address: {socket_address: {address: 127.0.0.1, port_value: \($0)}}}"
    } ?? ""
  }

  /// In place of Envoy's own limit of 1,024 streams, which a fleet reaches.
  private static let limits =
    "circuit_breakers: {thresholds: [{max_connections: 100000, max_pending_requests: "
    + "100000, max_requests: 100000, max_retries: 10}]}"

  private static func text(of listener: Listener) -> String {
    """
      - name: \(listener.name)
        address: {socket_address: {address: 127.0.0.1, port_value: \(listener.port)}}
        # Two Envoys would share the port without a word.
        enable_reuse_port: false
        filter_chains:
        - filters:
          - name: envoy.filters.network.http_connection_manager
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.network.\
    http_connection_manager.v3.HttpConnectionManager
              stat_prefix: \(listener.name)
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
