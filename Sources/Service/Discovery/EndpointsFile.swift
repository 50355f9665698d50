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
/// A file is taken whole or not at all: one bad entry must not make the others disappear. The files
/// of a directory are one list.
package struct EndpointsFile: Sendable, Equatable {
  static let bytesMax = YAMLComposer.bytesMax

  /// In the order of the files.
  package var endpoints: [EndpointConfiguration]
  /// Fields that were ignored, as llm-d ignores them, and what else is odd and does no harm.
  package var warnings: [YAMLFault]

  /// Reads a file's content.
  ///
  /// - Parameters:
  ///   - file: The file's name, for faults.
  ///   - defaults: Where the events of endpoints are that do not say so.
  /// - Throws: `YAMLError` with every fault of the file.
  package init(
    parsing bytes: [UInt8], file: String, defaults: KVEventsDefaults = KVEventsDefaults()
  ) throws(YAMLError) {
    try self.init(parsing: [(file: file, bytes: bytes)], defaults: defaults)
  }

  /// Reads what is at a path: a file, or the files of a directory.
  ///
  /// - Throws: `YAMLError` with every fault of all files.
  package init(
    path: String, defaults: KVEventsDefaults = KVEventsDefaults()
  ) throws(YAMLError) {
    self = try EndpointsContent(path).parse(defaults)
  }

  /// Reads the content of files that make one list together.
  ///
  /// - Throws: `YAMLError` with every fault of all files.
  package init(
    parsing files: [(file: String, bytes: [UInt8])], defaults: KVEventsDefaults
  ) throws(YAMLError) {
    let readings = files.map { YAMLReading(file: $0.file) }
    var entries: [EndpointEntry] = []
    var faults: [YAMLFault] = []
    for (reading, (file, bytes)) in zip(readings, files) {
      do throws(YAMLFault) {
        entries += Self.entries(reading.root(try YAMLNode.parse(bytes, file: file)), defaults)
      } catch {
        faults.append(error)
      }
    }
    Self.rejectSharedNames(entries)
    SharedEventAddresses.dropStandardSources(&entries)
    SharedEventAddresses.reject(entries)
    for reading in readings {
      do throws(YAMLError) { try reading.finish() } catch { faults += error.faults }
    }
    guard faults.isEmpty else { throw YAMLError(faults) }
    endpoints = entries.map(\.configuration)
    warnings = readings.flatMap(\.warnings)
  }

  /// The entries without faults.
  private static func entries(_ root: YAMLValue, _ defaults: KVEventsDefaults) -> [EndpointEntry] {
    guard var fields = root.fields() else { return [] }
    let list = fields.required("endpoints")?.list() ?? []
    fields.warnOfUnknown()
    return list.compactMap { EndpointEntry($0, defaults) }
  }

  private static func rejectSharedNames(_ entries: [EndpointEntry]) {
    var first: [EndpointConfiguration.Identity: EndpointEntry] = [:]
    for entry in entries {
      let identity = entry.configuration.identity
      guard let other = first[identity] else {
        first[identity] = entry
        continue
      }
      let place = other.reading === entry.reading ? "" : "\(other.reading.file) "
      entry.reading.reject(
        "\(place)line \(other.nameMark.line) has the name '\(identity.name)' in the namespace "
          + "'\(identity.namespace)' already", at: entry.nameMark, path: "\(entry.path).name")
    }
  }
}
