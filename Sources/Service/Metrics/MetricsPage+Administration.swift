/// What administrators did.
extension MetricsPage {
  func addAdministration(_ text: inout MetricsText) {
    text.add(
      "kvindexer_source_changes_total", help: "Changes that were asked for over the API, by kind.",
      metrics.sourceChanges)
    text.add(
      "kvindexer_source_changes_refused_total", .counter,
      help: "Changes that made no sense when they were asked for.",
      [(labels: [], value: Double(metrics.refusedSourceChanges.value))])
    text.add(
      "kvindexer_registered_endpoints", .gauge, help: "Endpoints that are there by registration.",
      [(labels: [], value: Double(registry.count))])
    text.add(
      "kvindexer_registrations_total", help: "What happened to registrations of endpoints.",
      registry.events)
    text.add(
      "kvindexer_contested_sources", .gauge,
      help: "Sources that are one engine under several names; none of them is credited.",
      [(labels: [], value: Double(intake.conflicts.contestedCount))])
  }
}
