import Glibc
import Service

/// What each thread of this process has used of the processor.
enum ThreadStatistics {
  /// Nanoseconds by thread name; threads of one name are added up, those that end meanwhile left out.
  static func nanosecondsByName() throws -> [String: UInt64] {
    let tasks = "/proc/self/task"
    guard let directory = opendir(tasks) else { throw SystemError("list \(tasks)") }
    defer { closedir(directory) }
    var used: [String: UInt64] = [:]
    while let entry = readdir(directory) {
      let task = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard Int(task) != nil, let name = read("\(tasks)/\(task)/comm"),
        let times = read("\(tasks)/\(task)/schedstat"),
        let running = times.split(separator: " ").first.flatMap({ UInt64($0) })
      else { continue }
      used[name.split(separator: "\n").first.map(String.init) ?? "", default: 0] += running
    }
    return used
  }

  /// A small file; nil when its thread is gone.
  private static func read(_ path: String) -> String? {
    guard let bytes = try? FileBytes.read(path, atMost: 4096) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
