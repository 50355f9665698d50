import Foundation
import Testing

@testable import Service

@Suite struct FileWatchTests {
  /// Watches `name` and tells what its content is at every change.
  private func watch(
    _ path: String, _ contents: Arrivals<String?>
  ) throws -> FileWatch {
    try FileWatch(path) { contents.add(try? String(contentsOfFile: path, encoding: .utf8)) }
  }

  private func rename(_ old: String, _ new: String) {
    #expect(Glibc.rename(old, new) == 0)
  }

  /// Waits until the watched path has `expected`; changes on the way there may be told too.
  private func expect(_ expected: String?, _ contents: Arrivals<String?>) {
    while let content = contents.next() {
      if content == expected { return }
    }
    Issue.record("'\(expected ?? "no file")' was not told of")
  }

  @Test func `edits, replacements and deletions are told`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/f"
    let contents = Arrivals<String?>()
    let watch = try watch(path, contents)
    try directory.write("1", to: "f")
    expect("1", contents)
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.write(contentsOf: Data("2".utf8))
    try file.close()
    expect("2", contents)
    try directory.write("3", to: "g")
    rename(directory.path + "/g", path)
    expect("3", contents)
    try FileManager.default.removeItem(atPath: path)
    expect(nil, contents)
    try directory.write("4", to: "f")
    expect("4", contents)
    rename(path, directory.path + "/away")
    expect(nil, contents)
    watch.stop()
  }

  @Test func `a Kubernetes-style swap of links is told`() throws {
    let directory = try TemporaryDirectory()
    let files = FileManager.default
    for version in ["v1", "v2"] {
      try files.createDirectory(
        atPath: directory.path + "/" + version, withIntermediateDirectories: true)
      try directory.write(version, to: version + "/f")
    }
    let path = directory.path + "/f"
    try files.createSymbolicLink(atPath: directory.path + "/..data", withDestinationPath: "v1")
    try files.createSymbolicLink(atPath: path, withDestinationPath: "..data/f")
    let contents = Arrivals<String?>()
    let watch = try watch(path, contents)
    let swapped = directory.path + "/..data_tmp"
    try files.createSymbolicLink(atPath: swapped, withDestinationPath: "v2")
    rename(swapped, directory.path + "/..data")
    expect("v2", contents)
    // The new target is followed, too.
    try directory.write("v2b", to: "v2/f")
    expect("v2b", contents)
    watch.stop()
  }

  @Test func `a directory that goes and comes again is followed`() throws {
    let directory = try TemporaryDirectory()
    let files = FileManager.default
    let inner = directory.path + "/conf"
    let contents = Arrivals<String?>()
    let watch = try watch(inner + "/f", contents)
    for round in ["1", "2"] {
      try files.createDirectory(atPath: inner, withIntermediateDirectories: true)
      try directory.write(round, to: "conf/new")
      rename(inner + "/new", inner + "/f")
      expect(round, contents)
      try files.removeItem(atPath: inner)
      expect(nil, contents)
    }
    watch.stop()
  }

  @Test func `a file is not read while it is being written`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/f"
    let contents = Arrivals<String?>()
    let watch = try watch(path, contents)
    #expect(FileManager.default.createFile(atPath: directory.path + "/other", contents: nil))
    let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
    #expect(write(descriptor, "half", 4) == 4)
    #expect(write(descriptor, " whole", 6) == 6)
    close(descriptor)
    // The first thing told is the whole, although the file was there before.
    #expect(contents.next() == "half whole")
    watch.stop()
  }

  @Test func `the names that matter are the links on the way and the last entry`() throws {
    let directory = try TemporaryDirectory()
    let files = FileManager.default
    try files.createDirectory(atPath: directory.path + "/a/b", withIntermediateDirectories: true)
    try files.createSymbolicLink(atPath: directory.path + "/l", withDestinationPath: "a/b/..")
    try files.createSymbolicLink(atPath: directory.path + "/loop", withDestinationPath: "loop")
    #expect(
      WatchedNames(directory.path + "/l/./b/f").namesByDirectory
        == [directory.path: ["l"], directory.path + "/a/b": ["f"]])
    #expect(
      WatchedNames(directory.path + "/none/f").namesByDirectory == [directory.path: ["none"]])
    #expect(WatchedNames(directory.path + "/loop").namesByDirectory == [directory.path: ["loop"]])
  }
}
