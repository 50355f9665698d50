import Glibc

/// What is found at the path of endpoints: a file, the files of a directory, or nothing readable.
enum EndpointsContent: Equatable {
  struct File: Equatable {
    var path: String
    var bytes: [UInt8]
  }

  /// In the order of their names.
  case files([File])
  case unreadable(YAMLFault)

  /// More than a fleet has; it keeps a wrong directory from being read whole.
  private static let filesMax = 1024
  private static let suffixes = [".yaml", ".yml", ".json"]

  init(_ path: String) {
    do throws(YAMLFault) {
      self = .files(try Self.isDirectory(path) ? Self.files(in: path) : [Self.file(path)])
    } catch {
      self = .unreadable(error)
    }
  }

  /// The endpoints in it.
  func parse(_ defaults: KVEventsDefaults) throws(YAMLError) -> EndpointsFile {
    switch self {
    case .files(let files):
      return try EndpointsFile(
        parsing: files.map { (file: $0.path, bytes: $0.bytes) }, defaults: defaults)
    case .unreadable(let fault): throw YAMLError([fault])
    }
  }

  private static func fault(_ path: String, _ message: String) -> YAMLFault {
    YAMLFault(file: path, mark: nil, path: "", message: message)
  }

  private static func file(_ path: String) throws(YAMLFault) -> File {
    do throws(SystemError) {
      return File(path: path, bytes: try FileBytes.read(path, atMost: EndpointsFile.bytesMax))
    } catch {
      throw fault(path, error.reason)
    }
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// A file that goes away while it is about to be read was not there; one that is listed again is
  /// a link that leads nowhere.
  private static func files(in path: String) throws(YAMLFault) -> [File] {
    var names = try names(in: path)
    while true {
      do throws(YAMLFault) {
        return try files(names, in: path)
      } catch {
        let again = try Self.names(in: path)
        guard again != names else { throw error }
        names = again
      }
    }
  }

  private static func files(
    _ names: [String], in path: String
  ) throws(YAMLFault) -> [File] {
    // An empty directory is more likely one that is not mounted than a fleet of nobody.
    guard !names.isEmpty else {
      throw fault(path, "there is no \(suffixes.joined(separator: ", ")) file in it")
    }
    guard names.count <= filesMax else {
      throw fault(path, "more than the \(filesMax) files allowed")
    }
    let directory = path.hasSuffix("/") ? path : path + "/"
    var files: [File] = []
    for name in names { files.append(try file(directory + name)) }
    return files
  }

  /// Sorted; hidden files, such as what editors leave, are none.
  private static func names(in path: String) throws(YAMLFault) -> [String] {
    guard let directory = opendir(path) else {
      throw fault(path, SystemError("open \(path)").reason)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
          String(cString: $0)
        }
      }
      if !name.hasPrefix("."), suffixes.contains(where: name.hasSuffix) { names.append(name) }
    }
    return names.sorted()
  }
}
