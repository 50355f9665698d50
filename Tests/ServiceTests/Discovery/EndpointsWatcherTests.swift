import Foundation
import Service
import Testing

@Suite struct EndpointsWatcherTests {
  private func text(_ endpoints: [(name: String, port: Int)]) -> String {
    "endpoints:\n"
      + endpoints.map { "- {name: \($0.name), address: \($0.name), port: \($0.port)}\n" }.joined()
  }

  /// One line an event, for example `+a -b ~c`, or the faults.
  private func summary(_ event: EndpointsWatcher.Event?) -> String {
    switch event {
    case .accepted(let change):
      (change.added.map { "+\($0.name)" } + change.removed.map { "-\($0.name)" }
        + change.changed.map { "~\($0.new.name)" }).joined(separator: " ")
    case .rejected(let error): error.faults.map(\.message).joined(separator: "; ")
    case nil: "nothing came"
    }
  }

  @Test func `good files are applied, bad ones are told once and change nothing`() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let path = directory.path + "/e.yaml"
    let events = Arrivals<EndpointsWatcher.Event>()
    try directory.write(text([("a", 1), ("b", 1)]), to: "e.yaml")
    let watcher = try EndpointsWatcher(path) { events.add($0) }
    #expect(summary(events.next()) == "+a +b")

    try replace(text([("b", 2), ("c", 1)]), directory)
    #expect(summary(events.next()) == "+c -a ~b")
    #expect(watcher.endpoints.map(\.authority) == ["b:2", "c:1"])

    for _ in 0..<2 { try replace("endpoints: [", directory) }
    #expect(
      summary(events.next())
        == "did not find expected node content (while parsing a flow node)")
    #expect(watcher.endpoints.count == 2)
    #expect(watcher.rejection != nil)

    try FileManager.default.removeItem(atPath: path)
    #expect(summary(events.next()) == "No such file or directory")
    #expect(watcher.endpoints.count == 2)

    try replace(text([("b", 2), ("c", 1)]), directory)
    #expect(summary(events.next()) == "")
    #expect(watcher.rejection == nil)

    try replace("endpoints: []\n", directory)
    let emptied = events.next()
    #expect(summary(emptied) == "-b -c")
    guard case .accepted(let change) = emptied else { return }
    #expect(
      change.warnings.map(\.description) == [
        "\(path): endpoints: the list is empty now; all 2 endpoints are gone"
      ])
    watcher.stop()
  }

  @Test func `a file that is bad from the start is an error`() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let path = directory.path + "/e.yaml"
    let error = #expect(throws: YAMLError.self) { try EndpointsWatcher(path) { _ in } }
    #expect(error?.description == "\(path): No such file or directory")
  }

  @Test func `without a watch only a reload looks again`() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let events = Arrivals<EndpointsWatcher.Event>()
    try directory.write(text([("a", 1)]), to: "e.yaml")
    let watcher = try EndpointsWatcher(directory.path + "/e.yaml", isWatching: false) {
      events.add($0)
    }
    #expect(summary(events.next()) == "+a")
    try replace(text([("b", 1)]), directory)
    #expect(watcher.endpoints.map(\.name) == ["a"])
    watcher.reload()
    #expect(summary(events.next()) == "+b -a")
  }

  @Test func `the files of a directory are one list, and a bad one leaves all as it was`() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let events = Arrivals<EndpointsWatcher.Event>()
    let empty = #expect(throws: YAMLError.self) { try EndpointsWatcher(directory.path) { _ in } }
    #expect(
      empty?.description == "\(directory.path): there is no .yaml, .yml, .json file in it")
    try directory.write(text([("b", 1)]), to: "2.yml")
    try directory.write(text([("a", 1)]), to: "1.yaml")
    try directory.write("not: [read", to: "notes.txt")
    try directory.write("not: [read", to: ".3.yaml")
    let watcher = try EndpointsWatcher(directory.path) { events.add($0) }
    #expect(summary(events.next()) == "+a +b")

    try replace(text([("c", 1)]), directory, "3.json")
    #expect(summary(events.next()) == "+c")
    try replace(text([("d", 1), ("a", 2)]), directory, "3.json")
    #expect(
      summary(events.next())
        == "\(directory.path)/1.yaml line 2 has the name 'a' in the namespace 'default' already")
    #expect(watcher.endpoints.map(\.name) == ["a", "b", "c"])
    try FileManager.default.removeItem(atPath: directory.path + "/1.yaml")
    #expect(summary(events.next()) == "+d -c ~a")
    #expect(watcher.endpoints.map(\.authority) == ["b:1", "d:1", "a:2"])
    try FileManager.default.removeItem(atPath: directory.path + "/2.yml")
    #expect(summary(events.next()) == "-b")
    try FileManager.default.removeItem(atPath: directory.path + "/3.json")
    #expect(summary(events.next()) == "there is no .yaml, .yml, .json file in it")
    #expect(watcher.endpoints.map(\.name) == ["d", "a"])
    watcher.stop()
  }

  @Test func `a directory of links is followed where the links lead`() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let files = FileManager.default
    for (version, name) in [("v1", "a"), ("v2", "b")] {
      try files.createDirectory(
        atPath: directory.path + "/" + version, withIntermediateDirectories: true)
      try directory.write(text([(name, 1)]), to: version + "/e.yaml")
    }
    try files.createSymbolicLink(atPath: directory.path + "/..data", withDestinationPath: "v1")
    try files.createSymbolicLink(
      atPath: directory.path + "/e.yaml", withDestinationPath: "..data/e.yaml")
    let events = Arrivals<EndpointsWatcher.Event>()
    let watcher = try EndpointsWatcher(directory.path) { events.add($0) }
    #expect(summary(events.next()) == "+a")
    try files.createSymbolicLink(atPath: directory.path + "/..new", withDestinationPath: "v2")
    #expect(rename(directory.path + "/..new", directory.path + "/..data") == 0)
    #expect(summary(events.next()) == "+b -a")
    watcher.stop()
  }

  private func replace(
    _ text: String, _ directory: TemporaryDirectory, _ name: String = "e.yaml"
  ) throws {
    try directory.write(text, to: "new")
    #expect(rename("\(directory.path)/new", "\(directory.path)/\(name)") == 0)
  }
}
