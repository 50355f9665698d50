/// What answers people's questions about the whole index.
struct Inspection: Sendable {
  let thread = InspectionThread()
  let inspector: FleetInspector
  let churn = ChurnHistory()
  let residency: ResidencyReader

  init(fleet: SharedFleet, membership: FleetMembership, engines: FleetEngines) {
    inspector = FleetInspector(fleet: fleet)
    residency = ResidencyReader(
      fleet: fleet, membership: membership, inspector: inspector, churn: churn, engines: engines)
  }
}
