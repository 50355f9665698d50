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
    #expect(summary(events.next()) == "-b -c")
    watcher.stop()
  }

  @Test func `a file that is bad from the start is an error`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/e.yaml"
    let error = #expect(throws: YAMLError.self) { try EndpointsWatcher(path) { _ in } }
    #expect(error?.description == "\(path): No such file or directory")
  }

  @Test func `without a watch only a reload looks again`() throws {
    let directory = try TemporaryDirectory()
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

  private func replace(_ text: String, _ directory: TemporaryDirectory) throws {
    try directory.write(text, to: "new")
    #expect(rename(directory.path + "/new", directory.path + "/e.yaml") == 0)
  }
}
