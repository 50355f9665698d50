package import EPPScorer

/// An `EndpointPickerConfig` that was read, and what it comes to.
package struct PickerConfiguration: Sendable {
  /// As it was declared.
  package var config: EndpointPickerConfig
  /// With defaults filled in.
  package var setup: PickerSetup
  /// What is odd and does no harm, in the order of the lines.
  package var warnings: [YAMLFault]

  private init(config: EndpointPickerConfig, setup: PickerSetup, warnings: [YAMLFault]) {
    self.config = config
    self.setup = setup
    self.warnings = warnings
  }

  /// Reads a configuration in YAML or JSON.
  ///
  /// - Parameters:
  ///   - file: The file's name, for faults.
  ///   - allowsExperimentalPlugins: Whether plugins may be used that llm-d calls Alpha.
  /// - Throws: `YAMLError` with every fault of the text. What its parts have to do with each other
  ///   is looked at when each of them is good, but for names that nothing has.
  package init(
    parsing bytes: [UInt8], file: String, allowsExperimentalPlugins: Bool = false
  ) throws(YAMLError) {
    let reading = YAMLReading(file: file)
    let root: YAMLNode
    do throws(YAMLFault) {
      root = try YAMLNode.parse(bytes, file: file)
    } catch {
      throw YAMLError([error])
    }
    var reader = PickerConfigurationReader(
      root: root, reading: reading, allowsExperimentalPlugins: allowsExperimentalPlugins)
    reader.read()
    config = reader.config
    var resolved: PickerSetup?
    var findings: [ConfigurationFinding]
    if reading.faultCount > 0 {
      findings = config.undefinedReferences()
    } else {
      do throws(ConfigurationError) {
        let setup = try PickerSetup(config)
        findings = setup.warnings
        resolved = setup
      } catch {
        findings = error.faults
      }
    }
    for finding in findings {
      let mark = root.mark(at: finding.path)
      switch finding.severity {
      case .fault: reading.reject(finding.message, at: mark, path: finding.path)
      case .warning: reading.warn(finding.message, at: mark, path: finding.path)
      }
    }
    try reading.finish()
    guard let resolved else { preconditionFailure("a set-up is refused without a fault") }
    setup = resolved
    warnings = reading.sortedWarnings
  }
}
