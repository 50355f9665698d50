import KVIndexer
import Tokenize

/// `GET /v1/endpoints`, `GET /v1/sources` and `GET /readyz`: the state of the fleet.
extension IndexerAPI {
  func endpoints() -> HTTPResponse {
    var json = JSONWriter()
    json.object { json in
      json.field("endpoints") { json in
        json.array { json in
          for member in membership.members { write(member, &json) }
        }
      }
    }
    return HTTPResponse(json: json)
  }

  private func write(_ remaining: Duration?, _ json: inout JSONWriter) {
    guard let remaining else { return json.null() }
    json.double(Double(remaining.wholeNanoseconds / 1_000_000) / 1e3)
  }

  private func write(_ member: FleetMembership.Member, _ json: inout JSONWriter) {
    let now = MonotonicClock.nowNanoseconds()
    let statuses = member.sources.compactMap { source in fleet.read { $0.status(of: source.id) } }
    json.object { json in
      json.field("endpoint", member.name)
      json.field("address", member.address)
      json.field("model", member.model.isEmpty ? nil : member.model)
      json.field("labels") { json in
        json.object { json in
          for (key, value) in member.configuration.labels.sorted(by: { $0.key < $1.key }) {
            json.field(key, value)
          }
        }
      }
      json.field("origin", member.origin.rawValue)
      json.field("ttl_s") { write(registry.remaining(member, now: now), &$0) }
      json.field("ranks", statuses.count)
      json.field("block_size", statuses.lazy.compactMap(\.blockSize).first)
      json.field("blocks", statuses.reduce(0) { $0 + ($1.blocks[.gpu] ?? 0) })
      json.field("residencies", statuses.reduce(0) { $0 + $1.residencies })
      let worst =
        statuses.first { $0.trust != .exact }?.trust ?? (statuses.isEmpty ? .connecting : .exact)
      json.field("trust", worst.name)
      json.field("reason", worst.reason)
    }
  }

  /// - Parameter endpoint: The only one whose sources are told; nil for all.
  func sources(of endpoint: String?) -> HTTPResponse {
    var json = JSONWriter(capacity: 4096)
    json.object { json in
      json.field("sources") { json in
        json.array { json in
          for member in membership.members where endpoint == nil || member.name == endpoint {
            for source in member.sources { write(member, source, &json) }
          }
        }
      }
    }
    return HTTPResponse(json: json)
  }

  private func write(
    _ member: FleetMembership.Member, _ source: FleetMembership.Subscribed,
    _ json: inout JSONWriter
  ) {
    guard let status = fleet.read({ $0.status(of: source.id) }) else { return }
    let stream = subscriptions.snapshot(of: source.id) ?? SubscriptionSnapshot()
    json.object { json in
      json.field("source", source.id.index)
      json.field("endpoint", member.name)
      json.field("rank", source.configuration.rank)
      json.field("trust", status.trust.name)
      json.field("trust_since_s", tenth: status.trustSeconds)
      json.field(
        "reason",
        source.failure
          ?? ConnectionAdvice.text(source, stream, engines.snapshot(ofEndpoint: member.name))
          ?? (status.trust == .mismatched(.model) ? contradiction(of: member) : nil)
          ?? status.trust.reason)
      json.field("incarnation", Int(status.incarnation.number))
      json.field("block_size", status.blockSize)
      json.field("warning", status.contradiction ?? contest(source.id))
      json.field("blocks") { json in
        json.object { json in
          for tier in Tier.allCases where tier == .gpu || status.blocks[tier] != nil {
            json.field(tier.name, status.blocks[tier] ?? 0)
          }
        }
      }
      json.field("residencies", status.residencies)
      json.field("bytes", status.bytes)
      json.field("orphans_waiting", status.orphansWaiting)
      auditor?.write(source.id, member, &json)
      json.field("groups") { json in
        json.array { json in
          for group in status.groups { Self.write(group, &json) }
        }
      }
      json.field("counters") { Self.write(status.counters, &$0) }
      json.field("stream") { Self.write(source.configuration, stream, &$0) }
    }
  }

  private func contradiction(of member: FleetMembership.Member) -> String? {
    resolver.servedModels.contradiction(at: member.name, model: member.model)
  }

  private func contest(_ source: SourceID) -> String? {
    let rivals = intake.conflicts.rivals(of: source).compactMap { rival in
      fleet.read { $0.configuration(of: rival) }.map { "\($0.endpoint):\($0.rank)" }
    }
    return rivals.isEmpty ? nil : "the same engine as \(rivals.joined(separator: ", "))"
  }

  private static func write(_ group: CacheGroupStatus, _ json: inout JSONWriter) {
    let kind =
      switch group.spec.kind {
      case .full: "full"
      case .slidingWindow: "sliding_window"
      case .stateSpace: "state_space"
      case .unknown: "unknown"
      }
    json.object { json in
      json.field("group", group.number)
      json.field("kind", kind)
      json.field("window_tokens", group.spec.window)
      json.field("block_size", group.blockSize)
      json.field("blocks", group.blocks)
      json.field("pending", group.pending)
    }
  }

  private static func write(_ counters: SourceCounters, _ json: inout JSONWriter) {
    json.object { json in
      json.field("stored_events", counters.storedEvents)
      json.field("removed_events", counters.removedEvents)
      json.field("cleared_events", counters.clearedEvents)
      json.field("stored_blocks", counters.storedBlocks)
      json.field("copied_blocks", counters.copiedBlocks)
      json.field("removed_blocks", counters.removedBlocks)
      json.field("unknown_removals", counters.unknownRemovals)
      json.field("orphans_parked", counters.orphansParked)
      json.field("orphans_resolved", counters.orphansResolved)
      json.field("orphans_dropped", counters.orphansDropped)
      json.field("unpaired_stores", counters.unpairedStores)
      json.field("unknown_media", counters.unknownMedia)
      json.field("fenced_batches", counters.fencedBatches)
      json.field("evicted_blocks", counters.evictedBlocks)
    }
  }

  private static func write(
    _ configuration: EventSourceConfiguration, _ stream: SubscriptionSnapshot,
    _ json: inout JSONWriter
  ) {
    let counters = stream.counters
    let replays =
      counters.replaysComplete + counters.replaysPartial + counters.replaysEmpty
      + counters.replaysFailed
    json.object { json in
      json.field("endpoint", configuration.eventAddress.description)
      json.field("replay_endpoint", configuration.replayAddress?.description)
      json.field("topic", stream.topic)
      json.field("peers", stream.peers)
      json.field("last_sequence", counters.lastSequence.map { Int(clamping: $0) })
      json.field("messages", Int(clamping: counters.liveMessages))
      json.field("replayed_messages", Int(clamping: counters.replayedMessages))
      json.field("gaps", Int(clamping: counters.gaps))
      json.field("lost_messages", Int(clamping: counters.lostMessages))
      json.field("missed_before_joining", Int(clamping: counters.missedBeforeJoining))
      json.field("duplicates", Int(clamping: counters.duplicates))
      json.field("overflows", Int(clamping: counters.overflows))
      json.field("malformed", Int(clamping: counters.malformedMessages))
      json.field("connections", Int(clamping: counters.connections))
      json.field("replays", Int(clamping: replays))
      json.field("engine_snapshots", Int(clamping: counters.snapshotsTaken))
    }
  }

  /// Renderers do not count: token ids are looked up without them, and text is answered with a mark.
  func ready() -> HTTPResponse {
    let report = readiness.report()
    let namesMax = 100
    var json = JSONWriter()
    json.object { json in
      json.field("ready", report.isReady)
      json.field("reason", report.reason)
      json.field("exact", report.exact)
      json.field("sources", report.sources)
      json.field("required_share") { json in
        if let share = readiness.settings.exactShare { json.double(share) } else { json.null() }
      }
      json.field("waiting") { json in
        json.array { json in
          for name in report.waiting.prefix(namesMax) { json.string(name) }
        }
      }
      json.field("trust") { json in
        json.object { json in
          for name in Trust.names { json.field(name, report.byTrust[name] ?? 0) }
        }
      }
      json.field("rendering") { write(renderer, &$0) }
      json.field("endpoints_file", endpointsFile?.rejection.map { "\($0)" })
    }
    return HTTPResponse(status: report.isReady ? 200 : 503, json: json)
  }

  /// Who turns text into tokens, and what is wrong with each.
  private func write(_ renderer: Renderer?, _ json: inout JSONWriter) {
    guard let renderer else { return json.string("off") }
    json.array { json in
      for report in renderer.reports {
        json.object { json in
          json.field("renderer", report.name)
          json.field("status", report.status.name.rawValue)
          json.field("reason", report.status == .ready ? nil : "\(report.status)")
          json.field("circuit", report.breaker.rawValue)
        }
      }
    }
  }
}
