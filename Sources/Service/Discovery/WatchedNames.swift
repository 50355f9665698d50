import Glibc

/// The directory entries that decide what a path leads to.
///
/// They are the file itself, every symbolic link on the way, and, where the way ends early, the
/// first entry that is missing. When one of them changes, the path may lead elsewhere: this is how
/// Kubernetes swaps a mounted file (`file → ..data/file`, `..data → ..2024_01_01`).
struct WatchedNames: Equatable {
  /// As many links as the kernel follows.
  private static let linksMax = 40

  /// Names, by their directory, whose path has no links in it.
  private(set) var namesByDirectory: [String: Set<String>] = [:]
  /// The directory that the path leads to, if it is one: every entry of it counts.
  private(set) var wholeDirectory: String?

  /// Follows the absolute `path` as the kernel would.
  init(_ path: String) {
    var directory = "/"
    var rest = path.split(separator: "/").map(String.init)[...]
    var links = 0
    while let name = rest.popFirst() {
      if name == "." { continue }
      if name == ".." {
        directory = Self.parent(directory)
        continue
      }
      let entry = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
      var status = stat()
      let exists = lstat(entry, &status) == 0
      let isLink = exists && status.st_mode & S_IFMT == S_IFLNK
      guard exists, isLink || !rest.isEmpty else {
        namesByDirectory[directory, default: []].insert(name)
        if exists, status.st_mode & S_IFMT == S_IFDIR { wholeDirectory = entry }
        return
      }
      guard isLink else {
        directory = entry
        continue
      }
      namesByDirectory[directory, default: []].insert(name)
      links += 1
      guard links <= Self.linksMax, let target = Self.target(of: entry) else { return }
      if target.hasPrefix("/") { directory = "/" }
      rest = (target.split(separator: "/").map(String.init) + rest)[...]
    }
  }

  private static func parent(_ directory: String) -> String {
    guard let slash = directory.lastIndex(of: "/"), slash != directory.startIndex else {
      return "/"
    }
    return String(directory[..<slash])
  }

  private static func target(of link: String) -> String? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(link, start, buffer.count)
      guard count >= 0 else { return nil }
      return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
  }
}
