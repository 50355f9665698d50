import KVIndexer

/// The text of `GET /metrics`: all families are named here.
struct MetricsPage {
  let membership: FleetMembership
  let registry: EndpointRegistry
  let intake: EventIntake
  let metrics: ServiceMetrics
  /// Nil when rendering is switched off.
  let renderer: Renderer?
  let admission: RequestAdmission
  /// Nil when no traces are exported.
  let tracer: Tracer?
  let engines: FleetEngines
  let insight: Insight
  /// Nil when nothing is audited.
  let auditor: SourceAuditor?
  let overview: Overview

  var fleet: SharedFleet { intake.fleet }
  typealias Samples = [(labels: MetricsText.Labels, value: Double)]

  /// One source with all that is known of it.
  struct Row {
    var labels: MetricsText.Labels
    var status: SourceStatus
    var stream: SubscriptionSnapshot
  }

  func bytes() -> [UInt8] {
    var text = MetricsText()
    add(to: &text)
    return text.bytes()
  }

  /// Adds all families.
  func add(to text: inout MetricsText) {
    let rows = sourceRows()
    addService(&text)
    addServing(&text)
    tracer?.exporter.metrics.add(to: &text)
    addIndex(&text)
    addEvents(&text, rows)
    addStreams(&text, rows)
    addTrust(&text, rows)
    addReplays(&text)
    addAdministration(&text)
    addResidency(&text, rows)
    metrics.snapshots.add(to: &text)
    engines.add(to: &text)
    addInsight(&text)
    auditor?.add(to: &text)
  }

  private func sourceRows() -> [Row] {
    membership.members.flatMap { member in
      member.sources.compactMap { source in
        guard let status = fleet.read({ $0.status(of: source.id) }) else { return nil }
        return Row(
          labels: [
            (name: "endpoint", value: member.name),
            (name: "rank", value: "\(source.configuration.rank)"),
          ],
          status: status,
          stream: intake.subscriptions.snapshot(of: source.id) ?? SubscriptionSnapshot())
      }
    }
  }

  private func addService(_ text: inout MetricsText) {
    text.add(
      "kvindexer_score_latency_seconds", help: "Time to answer a score request.",
      metrics.scoreLatency)
    text.add("kvindexer_scores_total", help: "Score requests by outcome.", metrics.scores)
    text.add(
      "kvindexer_score_tokens_total", help: "Answered score requests by how tokens were obtained.",
      metrics.tokensFrom)
    text.add(
      "kvindexer_event_lag_seconds",
      help: "Engine's timestamp to decoding; compares two clocks, so only its trend counts.",
      metrics.eventLag)
    text.add(
      "kvindexer_apply_latency_seconds", help: "Receipt of a batch until matches see it.",
      metrics.applyLatency)
    let queue = intake.ingest.queue.statistics
    text.add(
      "kvindexer_queue_deliveries", .gauge, help: "Deliveries that wait to be applied.",
      [(labels: [], value: Double(queue.deliveries))])
    text.add(
      "kvindexer_queue_bytes", .gauge, help: "Payload bytes that wait to be applied.",
      [(labels: [], value: Double(queue.bytes))])
    let decoding = intake.ingest.decodingCounters
    text.add(
      "kvindexer_events_skipped_total", .counter, help: "Events left out, by cause.",
      EventSkipCause.allCases.map {
        (labels: [(name: "cause", value: $0.name)], value: Double(decoding[$0]))
      })
    let oddities: Samples = [
      ("unknown_tag", decoding.unknownTags), ("unknown_field", decoding.unknownFields),
      ("unknown_medium", decoding.unknownMedia), ("extra_element", decoding.extraElements),
      ("refused_batch", decoding.refusedBatches),
    ].map { (labels: [(name: "kind", value: $0.0)], value: Double($0.1)) }
    text.add(
      "kvindexer_events_ignored_total", .counter,
      help: "Parts of events that are not understood, and batches that can't be decoded.", oddities)
  }

  private func addIndex(_ text: inout MetricsText) {
    let (bytes, unique, residencies, nodes, evicted, claims, counters, lag) = fleet.read { fleet in
      (
        fleet.index.bytes, fleet.index.uniqueBlocks, fleet.index.residencies,
        fleet.index.nodeCount, fleet.index.evictedBlocks, fleet.reservations.count,
        fleet.reservations.counters, fleet.reservations.lag.timeToLive
      )
    }
    let gauges: [(String, String, Double)] = [
      ("kvindexer_index_bytes", "Bytes that the index takes.", Double(bytes)),
      ("kvindexer_index_blocks", "Distinct blocks that some source holds.", Double(unique)),
      ("kvindexer_index_residencies", "Pairs of block and source.", Double(residencies)),
      ("kvindexer_index_runs", "Runs of blocks without a branch.", Double(nodes)),
      ("kvindexer_reservations", "Claims that are neither confirmed nor over.", Double(claims)),
      ("kvindexer_reservation_ttl_seconds", "Life of a claim made now.", Double(lag) / 1e9),
    ]
    for (name, help, value) in gauges {
      text.add(name, .gauge, help: help, [(labels: [], value: value)])
    }
    text.add(
      "kvindexer_index_budget_bytes", .gauge, help: "Bytes that it may take.",
      [(labels: [], value: Double(fleet.read { $0.index.byteBudget }))])
    text.add(
      "kvindexer_index_evicted_blocks_total", .counter,
      help: "Residencies dropped to keep the byte budget.", [(labels: [], value: Double(evicted))])
    let ends: Samples = [
      ("made", counters.made), ("confirmed", counters.confirmed), ("expired", counters.expired),
      ("cancelled", counters.cancelled), ("dropped", counters.dropped),
      ("refused", counters.refused),
    ].map { (labels: [(name: "event", value: $0.0)], value: Double($0.1)) }
    text.add(
      "kvindexer_reservations_total", .counter, help: "Reservations by what became of them.", ends)
  }

  private func addEvents(_ text: inout MetricsText, _ rows: [Row]) {
    func samples(_ label: String, _ values: [(String, (SourceCounters) -> Int)]) -> Samples {
      rows.flatMap { row in
        values.map { value in
          (
            labels: row.labels + [(name: label, value: value.0)],
            value: Double(value.1(row.status.counters))
          )
        }
      }
    }
    text.add(
      "kvindexer_events_total", .counter, help: "Events applied, by kind.",
      samples(
        "kind",
        [
          ("stored", { $0.storedEvents }), ("removed", { $0.removedEvents }),
          ("cleared", { $0.clearedEvents }),
        ]))
    text.add(
      "kvindexer_blocks_total", .counter, help: "Blocks by what was done with them.",
      samples(
        "change",
        [
          ("stored", { $0.storedBlocks }), ("copied", { $0.copiedBlocks }),
          ("removed", { $0.removedBlocks }), ("removed_unknown", { $0.unknownRemovals }),
          ("evicted", { $0.evictedBlocks }),
        ]))
    text.add(
      "kvindexer_orphans_total", .counter, help: "Blocks stored under an unknown parent.",
      samples(
        "change",
        [
          ("parked", { $0.orphansParked }), ("resolved", { $0.orphansResolved }),
          ("dropped", { $0.orphansDropped }),
        ]))
    text.add(
      "kvindexer_fenced_batches_total", .counter,
      help: "Batches of an engine process that is gone, dropped when applied.",
      rows.map { ($0.labels, Double($0.status.counters.fencedBatches)) })
  }

  private func addReplays(_ text: inout MetricsText) {
    let replays = intake.subscriptions.replays
    text.add(
      "kvindexer_replays_open", .gauge, help: "Replays under way, of all sources.",
      [(labels: [], value: Double(replays.open))])
    text.add(
      "kvindexer_replays_waiting", .gauge, help: "Replays that wait for one to end.",
      [(labels: [], value: Double(replays.waiting))])
  }

  private func addStreams(_ text: inout MetricsText, _ rows: [Row]) {
    let counters: [(String, String, (SubscriptionCounters) -> UInt64)] = [
      ("kvindexer_messages_total", "Event messages received live.", { $0.liveMessages }),
      ("kvindexer_message_bytes_total", "Payload bytes received.", { $0.payloadBytes }),
      ("kvindexer_gaps_total", "Ranges of messages declared lost.", { $0.gaps }),
      ("kvindexer_lost_messages_total", "Messages in those ranges.", { $0.lostMessages }),
      ("kvindexer_duplicate_messages_total", "Messages delivered before.", { $0.duplicates }),
      (
        "kvindexer_overflows_total", "Batches refused because the queue was full.", { $0.overflows }
      ),
      (
        "kvindexer_replay_room_waits_total", "Replays halted because the queue was full.",
        { $0.roomWaits }
      ),
      (
        "kvindexer_malformed_messages_total", "Messages of no known form.", { $0.malformedMessages }
      ),
      ("kvindexer_connections_total", "Connections made.", { $0.connections }),
    ]
    for (name, help, value) in counters {
      text.add(
        name, .counter, help: help, rows.map { ($0.labels, Double(value($0.stream.counters))) })
    }
    text.add(
      "kvindexer_replays_total", .counter, help: "Replays by outcome.",
      rows.flatMap { row in
        let counters = row.stream.counters
        return [
          ("complete", counters.replaysComplete), ("partial", counters.replaysPartial),
          ("empty", counters.replaysEmpty), ("failed", counters.replaysFailed),
          ("cancelled", counters.replaysCancelled),
        ].map { (labels: row.labels + [(name: "outcome", value: $0.0)], value: Double($0.1)) }
      })
    text.add(
      "kvindexer_engine_snapshots_total", .counter,
      help: "Snapshots asked of engines whose ring was not enough, by outcome.",
      rows.flatMap { row in
        let counters = row.stream.counters
        return [
          ("taken", counters.snapshotsTaken), ("not_offered", counters.snapshotsNotOffered),
          ("failed", counters.snapshotsFailed),
        ].map { (labels: row.labels + [(name: "outcome", value: $0.0)], value: Double($0.1)) }
      })
    text.add(
      "kvindexer_last_sequence", .gauge, help: "Sequence number of the last message.",
      rows.compactMap { row in
        row.stream.counters.lastSequence.map { (labels: row.labels, value: Double($0)) }
      })
  }

  private func addResidency(_ text: inout MetricsText, _ rows: [Row]) {
    text.add(
      "kvindexer_resident_blocks", .gauge, help: "Blocks that a source holds, by tier.",
      rows.flatMap { row in
        Tier.allCases.compactMap { tier in
          row.status.blocks[tier].map {
            (labels: row.labels + [(name: "tier", value: tier.name)], value: Double($0))
          }
        }
      })
    text.add(
      "kvindexer_engine_cache_blocks", .gauge,
      help: "Blocks that an endpoint's GPUs have room for, as its engine says.",
      membership.members.compactMap { member in
        engines.capacityBlocks(of: member).map {
          (
            labels: [(name: "endpoint", value: member.name)],
            value: Double($0 * member.sources.count)
          )
        }
      })
    text.add(
      "kvindexer_source_bytes", .gauge, help: "Bytes of the index by share of residencies.",
      rows.map { ($0.labels, Double($0.status.bytes)) })
    text.add(
      "kvindexer_orphans_waiting", .gauge, help: "Blocks that wait for their parent.",
      rows.map { ($0.labels, Double($0.status.orphansWaiting)) })
  }
}
