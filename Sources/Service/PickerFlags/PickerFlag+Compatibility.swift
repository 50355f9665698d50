extension PickerFlag {
  /// Flags whose work is done otherwise here, or not at all; whoever sets them is told so.
  static let accepted: [PickerFlag] = [
    // Both products ask for nothing there without Kubernetes: no reason to trouble anybody.
    PickerFlag(
      "metrics-endpoint-auth", nil, .accepted,
      "GET /metrics asks for no token without Kubernetes, in llm-d's picker neither"
    ) { text, _ throws(PickerFlagError) in
      _ = try FlagValue.bool(text, of: "metrics-endpoint-auth")
    },
    .ignoredText(
      "metrics-cert-dir", "DIR",
      "without Kubernetes GET /metrics is plain HTTP, in llm-d's picker too"),
    .ignoredText(
      "metrics-client-ca-file", "FILE",
      "without Kubernetes GET /metrics is plain HTTP, in llm-d's picker too"),
    .ignoredText(
      "refresh-prometheus-metrics-interval", "TIME",
      "the pool's gauges are computed whenever they are asked for"),
    .ignoredText(
      "grpc-max-send-msg-size", "SIZE", "no message to Envoy exceeds 62,000 bytes and its headers"),
    .ignoredText(
      "pool-namespace", "NAME", "endpoints name their own; the pool's appears in no metric"),
    .ignoredText("pool-group", "GROUP", "there is no InferencePool without Kubernetes"),
    .ignoredSwitch("tracing", "traces are exported with --otlp-endpoint"),
    .ignoredSwitch("enable-pprof", "there is no Go profiler here; use perf"),
    .ignoredSwitch("zap-devel", "the log is one line of text an occurrence; use --v"),
    .ignoredText(
      "zap-encoder", "NAME", "the log is one line of text an occurrence; use --v for more of them"),
    .ignoredText("zap-stacktrace-level", "LEVEL", "the log has no stack traces"),
    .ignoredText("zap-time-encoding", "NAME", "times in the log are RFC 3339, in UTC"),
  ]

  /// Flags that would change what happens, and can't here.
  static let refused: [PickerFlag] =
    [
      .refusedText(
        "endpoint-selector",
        "it selects Kubernetes pods by label; list endpoints in a file, and name it in a "
          + "file-discovery plugin"),
      .refusedText(
        "endpoint-target-ports",
        "it names ports of Kubernetes pods; the endpoints file has a port for each endpoint"),
      PickerFlag(
        "ha-enable-leader-election", nil, .refused,
        "leaders are elected through Kubernetes"
      ) { text, _ throws(PickerFlagError) in
        guard try FlagValue.bool(text, of: "ha-enable-leader-election") else { return }
        throw PickerFlagError(
          "--ha-enable-leader-election is refused: leaders are elected through Kubernetes; run "
            + "one epp beside each Envoy, every one follows the engines by itself")
      },
      .refusedText(
        "kubeconfig", "epp never talks to Kubernetes; endpoints come from a file-discovery plugin"),
    ]
    + ["total-queued-requests", "total-running-requests", "kv-cache-usage-percentage"].map {
      metricName("\($0)-metric")
    } + ["lora-info", "cache-info"].map { metricName("\($0)-metric") }

  private static func metricName(_ name: String) -> PickerFlag {
    .refusedText(
      name, "llm-d refuses it too; name metrics in `engineConfigs` of a core-metrics-extractor")
  }

  private static func ignoredText(_ name: String, _ argument: String, _ why: String) -> PickerFlag {
    PickerFlag(name, argument, .accepted, why) { _, values throws(PickerFlagError) in
      values.flags.warnings.append("--\(name) has no effect: \(why)")
    }
  }

  /// A switch whose default in llm-d is of no consequence here, so only switching it on is.
  private static func ignoredSwitch(_ name: String, _ why: String) -> PickerFlag {
    PickerFlag(name, nil, .accepted, why) { text, values throws(PickerFlagError) in
      guard try FlagValue.bool(text, of: name) else { return }
      values.flags.warnings.append("--\(name) has no effect: \(why)")
    }
  }

  private static func refusedText(_ name: String, _ why: String) -> PickerFlag {
    PickerFlag(name, "TEXT", .refused, why) { _, _ throws(PickerFlagError) in
      throw PickerFlagError("--\(name) is refused: \(why)")
    }
  }
}
