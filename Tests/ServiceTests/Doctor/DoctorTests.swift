import Glibc
import KVIndexer
import Service
import Simulation
import Testing

/// What an examination finds about servers that are right, and wrong in one way each.
@Suite struct DoctorTests {
  @Test func `a server with everything is found to be right in every step`() throws {
    let harness = try DoctorHarness(topic: "kv@host:1@sim")
    defer { harness.stop() }
    let found = try harness.examine(harness.entry(model: "sim"))
    // Its topic names port 1: that is odd, and does no harm.
    #expect(found.codes == ["events:topic_names_other"])
    #expect(
      found.verdicts(.reach, .announced, .replay, .render, .usage, .probe, .salt)
        == Array(repeating: .ok, count: 7))
    #expect(found.verdicts(.lora, .service) == [.skipped, .skipped])
    #expect(found[.probe]?.note == "192 of 200 tokens predicted and delivered")
    #expect(found[.reach]?.note == "serves sim; version 0.32.0")
    #expect(found[.render]?.note == "200 tokens, as the engine reads them")
  }

  @Test func `events that are off are found by what the server says, and by what does not come`()
    throws
  {
    let telling = try DoctorHarness { $0.publishesEvents = false }
    let silent = try DoctorHarness {
      $0.publishesEvents = false
      $0.tellsEventSources = false
    }
    defer {
      telling.stop()
      silent.stop()
    }
    let entries = [telling.entry(), silent.entry(name: "b")]
    let report = try DoctorHarness.examine(entries, timeout: DoctorHarness.impatience)
    #expect(report.endpoints[0].codes == ["announced:events_off", "events:no_events"])
    #expect(report.endpoints[1].codes == ["events:no_events"])
    #expect(report.endpoints[1].verdicts(.announced, .probe) == [.skipped, .skipped])
  }

  @Test func `an event port where nobody listens is compared with what the server says`() throws {
    let harness = try DoctorHarness()
    let closed = try DoctorHarness()
    defer { harness.stop() }
    closed.stop()
    let found = try harness.examine(
      harness.entry(events: closed.events), timeout: DoctorHarness.impatience)
    #expect(found.codes == ["announced:other_port", "events:not_connected"])
    let port = harness.events.split(separator: ":").last ?? ""
    #expect(found[.announced]?.problems.first?.mend.contains(":\(port)\"") == true)
    #expect(found.verdicts(.probe, .render, .replay) == [.skipped, .ok, .ok])
  }

  @Test func `a port that is no publisher's is told apart from one where nobody listens`() throws {
    let harness = try DoctorHarness()
    defer { harness.stop() }
    for taken in ["tcp://127.0.0.1:\(harness.port)", harness.replay ?? ""] {
      let found = try harness.examine(
        harness.entry(events: taken, hasReplay: false), timeout: DoctorHarness.impatience)
      #expect(
        found.codes == ["announced:other_port", "events:not_events", "replay:no_replay"])
    }
  }

  @Test func `another engine's events are not taken for this one's`() throws {
    let harness = try DoctorHarness()
    let other = try DoctorHarness()
    defer {
      harness.stop()
      other.stop()
    }
    let traffic = try Traffic(to: other)
    defer { traffic.stop() }
    let found = try harness.examine(
      harness.entry(events: other.events, replay: other.replay), timeout: DoctorHarness.impatience)
    #expect(
      found.codes == ["announced:other_port", "announced:other_port", "events:foreign_events"])
  }

  @Test func `a topic filter that no event passes is found`() throws {
    let harness = try DoctorHarness(topic: "kv-events")
    defer { harness.stop() }
    let found = try harness.examine(harness.entry(more: "topic: 'kv@'"))
    #expect(found.codes == ["events:other_topic"])
    #expect(found.verdicts(.probe) == [.ok])
    #expect(try harness.examine(harness.entry(more: "topic: 'kv'")).codes == [])
  }

  @Test func `a configured block size that the events contradict is a warning`() throws {
    let harness = try DoctorHarness()
    defer { harness.stop() }
    let found = try harness.examine(harness.entry(more: "blockSize: 32"))
    #expect(found.codes == ["events:other_block_size"] && found.verdict == .warning)
  }

  @Test func `events of an old vLLM are said to lose what they do not carry`() throws {
    let harness = try DoctorHarness {
      $0.generation = .loraName
      $0.version = nil
    }
    defer { harness.stop() }
    let found = try harness.examine(timeout: DoctorHarness.impatience)
    #expect(found.codes == ["events:old_format", "salt:salt_not_announced"])
    #expect(
      found[.events]?.problems.first?.found == "Its events have no extra_keys, no group_idx.")
    #expect(found.verdicts(.probe) == [.ok])
  }

  @Test func `ranks that are not there are found`() throws {
    let harness = try DoctorHarness()
    defer { harness.stop() }
    let found = try harness.examine(
      harness.entry(hasReplay: false, more: "ranks: 2"), timeout: DoctorHarness.impatience)
    #expect(found.codes.first == "announced:other_ranks")
    #expect(found[.events]?.problems.first?.found.hasPrefix("Rank 1: ") == true)
  }

  /// Requests to a server, one after the other.
  private final class Traffic: Sendable {
    private let ending = WakeUp()
    private let thread: WorkerThread

    init(to harness: DoctorHarness) throws {
      let url = harness.server.url
      var client = try HTTPClient(.url(url))
      _ = try client.post("/v1/completions", body: Self.body(0))
      thread = WorkerThread(name: "traffic") { [ending] in
        guard var client = try? HTTPClient(.url(url)) else { return }
        var item = pollfd(fd: ending.descriptor, events: Int16(POLLIN), revents: 0)
        var number = 1
        while poll(&item, 1, 1) == 0 {
          _ = try? client.post("/v1/completions", body: Self.body(number))
          number += 1
        }
      }
    }

    func stop() {
      ending.signal()
      thread.join()
    }

    private static func body(_ number: Int) -> [UInt8] {
      let ids = (0..<40).map { "\(($0 + 1) * 7 + number)" }.joined(separator: ",")
      return Array(#"{"prompt": [\#(ids)], "max_tokens": 1}"#.utf8)
    }
  }
}
