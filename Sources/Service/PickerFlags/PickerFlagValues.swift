/// The flags while they are read, before it is known whether they go together.
struct PickerFlagValues {
  var flags = PickerFlags(configuration: .text(""))
  var configFile = ""
  var configText = ""
  var isSecure = true
  /// A folder with `tls.crt` and `tls.key`.
  var certificateFolder = ""
  var reloadsCertificate = false
  var verbosity = 0
  /// What `--zap-log-level` says; it goes before the verbosity.
  var zapLevel: Log.Level?
  /// What `--otlp-sample` says.
  var traceShare: Double?

  /// Checks what is only wrong together.
  func checked() throws(PickerFlagError) -> PickerFlags {
    var flags = flags
    flags.configuration = try configuration()
    flags.serving = serving()
    // llm-d's levels: up to 3 what happens to the picker, from 4 on what happens to requests.
    flags.logLevel = zapLevel ?? (verbosity >= 4 ? .debug : .info)
    if let traceShare {
      flags.tracing?.share = traceShare
      if flags.tracing == nil {
        flags.warnings.append("--otlp-sample has no effect without --otlp-endpoint")
      }
    }
    if flags.metricsInterval < PickerFlags.metricsIntervalMin {
      flags.metricsInterval = PickerFlags.metricsIntervalMin
      flags.warnings.append("--refresh-metrics-interval is at least 50ms, which it is now")
    }
    if reloadsCertificate, certificateFolder.isEmpty {
      flags.warnings.append("--enable-cert-reload has no effect without --cert-path")
    }
    if !isSecure, !certificateFolder.isEmpty {
      flags.warnings.append("--cert-path has no effect with --secure-serving=false")
    }
    return flags
  }

  private func configuration() throws(PickerFlagError) -> PickerFlags.Configuration {
    switch (configFile.isEmpty, configText.isEmpty) {
    case (false, true): return .file(configFile)
    case (true, false): return .text(configText)
    case (false, false):
      throw PickerFlagError("--config-file and --config-text exclude each other")
    case (true, true):
      throw PickerFlagError(
        "--config-file or --config-text is needed: without Kubernetes only its file-discovery "
          + "plugin says which endpoints there are")
    }
  }

  private func serving() -> PickerFlags.Serving {
    guard isSecure else { return .plain }
    guard !certificateFolder.isEmpty else { return .selfSigned }
    let paths = TLSPaths(
      certificate: certificateFolder + "/tls.crt", key: certificateFolder + "/tls.key")
    return .files(paths, reloads: reloadsCertificate)
  }
}
