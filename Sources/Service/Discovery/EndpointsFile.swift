import Tokenize

/// The list of endpoints of a file, in llm-d's format with our `model` and `kvEvents` in it.
///
///     endpoints:
///     - name: vllm-0
///       address: 10.0.0.7
///       port: 8000
///       labels: {role: decode}
///       kvEvents: {replayEndpoint: "tcp://10.0.0.7:5558", blockSize: 16}
///
/// A file is taken whole or not at all: one bad entry must not make the others disappear.
package struct EndpointsFile: Sendable, Equatable {
  static let bytesMax = YAMLComposer.bytesMax

  /// In the order of the file.
  package var endpoints: [EndpointConfiguration]
  /// Fields that were ignored, as llm-d ignores them.
  package var warnings: [YAMLFault]

  /// Reads a file's content.
  ///
  /// - Parameter file: The file's name, for faults.
  /// - Throws: `YAMLError` with every fault of the file.
  package init(parsing bytes: [UInt8], file: String) throws(YAMLError) {
    let reading = YAMLReading(file: file)
    do throws(YAMLFault) {
      let root = reading.root(try YAMLNode.parse(bytes, file: file))
      let entries = Self.entries(root)
      Self.rejectSharedNames(entries, reading)
      Self.rejectSharedAddresses(entries, reading)
      endpoints = entries.map(\.configuration)
    } catch {
      throw YAMLError([error])
    }
    try reading.finish()
    warnings = reading.warnings
  }

  /// The entries without faults.
  private static func entries(_ root: YAMLValue) -> [EndpointEntry] {
    guard var fields = root.fields() else { return [] }
    let list = fields.required("endpoints")?.list() ?? []
    fields.warnOfUnknown()
    return list.compactMap { EndpointEntry($0) }
  }

  private static func rejectSharedNames(_ entries: [EndpointEntry], _ reading: YAMLReading) {
    var lines: [EndpointConfiguration.Identity: Int] = [:]
    for entry in entries {
      let identity = entry.configuration.identity
      if let line = lines[identity] {
        reading.reject(
          "line \(line) has the name '\(identity.name)' in the namespace "
            + "'\(identity.namespace)' already", at: entry.nameMark, path: "\(entry.path).name")
      } else {
        lines[identity] = entry.nameMark.line
      }
    }
  }

  /// Two engines cannot publish on one port of a host: events would be credited to the wrong one.
  private static func rejectSharedAddresses(_ entries: [EndpointEntry], _ reading: YAMLReading) {
    var users: [EventAddress: String] = [:]
    nextEntry: for entry in entries {
      for source in entry.configuration.sources {
        let uses = [
          (source.eventAddress, "the events"), (source.replayAddress, "the replays"),
        ]
        for case (let address?, let purpose) in uses {
          let user = "\(purpose) of '\(entry.configuration.name)' rank \(source.rank)"
          let before = users.updateValue(user, forKey: address)
          guard let before else { continue }
          reading.reject(
            "\(address) is for \(user) and for \(before); give each its own in 'kvEvents', or "
              + "'ranks: 0' to an endpoint without events",
            at: entry.sourcesMark, path: "\(entry.path).kvEvents")
          // One port too near to the next brings a row of them.
          continue nextEntry
        }
      }
    }
  }
}
