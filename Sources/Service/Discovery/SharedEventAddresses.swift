/// Two engines cannot publish on one port of a host: events would be credited to the wrong one.
enum SharedEventAddresses {
  /// Leaves endpoints without sources whose standard port is another one's too.
  ///
  /// Nothing was said of their events, as llm-d's files say nothing; which of them publishes there,
  /// if any does, can't be known.
  static func dropStandardSources(_ entries: inout [EndpointEntry]) {
    var users: [EventAddress: [Int]] = [:]
    for (index, entry) in entries.enumerated() {
      for address in Set(entry.configuration.sources.flatMap(addresses)) {
        users[address, default: []].append(index)
      }
    }
    for (index, entry) in entries.enumerated() where entry.hasStandardSources {
      let shared = entry.configuration.sources.flatMap(addresses).first {
        users[$0]?.count ?? 0 > 1
      }
      guard let shared, let other = users[shared]?.first(where: { $0 != index }) else { continue }
      entries[index].configuration.sources = []
      entry.reading.warn(
        "its KV events are not followed: \(shared) would be for those of "
          + "'\(entry.configuration.name)' and of '\(entries[other].configuration.name)'; give "
          + "each engine a port of its own and say it here, such as "
          + "kvEvents: {endpoint: \"\(shared.ofRank(1) ?? shared)\"}",
        at: entry.sourcesMark, path: entry.path)
    }
  }

  private static func addresses(_ source: EventSourceConfiguration) -> [EventAddress] {
    [source.isRelayed ? nil : source.eventAddress, source.replayAddress].compactMap(\.self)
  }

  /// Rejects addresses that are used twice.
  static func reject(_ entries: [EndpointEntry]) {
    var users: [EventAddress: String] = [:]
    nextEntry: for entry in entries {
      for source in entry.configuration.sources {
        let uses = [
          (source.isRelayed ? nil : source.eventAddress, "the events"),
          (source.replayAddress, "the replays"),
        ]
        for case (let address?, let purpose) in uses {
          let user = "\(purpose) of '\(entry.configuration.name)' rank \(source.rank)"
          let before = users.updateValue(user, forKey: address)
          guard let before else { continue }
          entry.reading.reject(
            "\(address) is for \(user) and for \(before); give each its own in 'kvEvents', or "
              + "'ranks: 0' to an endpoint without events",
            at: entry.sourcesMark, path: entry.path.isEmpty ? "kvEvents" : "\(entry.path).kvEvents")
          // One port too near to the next brings a row of them.
          continue nextEntry
        }
      }
    }
  }
}
