/// Runs decode, and prefill and encode where deciders say so.
///
/// A stage without a decider does not run, except prefill where it comes first; one whose profile
/// finds nobody just means that the request is not divided.
///
/// Formula and defaults are those of llm-d's `disagg-profile-handler`.
public struct DisaggProfileHandler: ProfileHandler {
  /// Which stage is picked first, and so decides what the other knows.
  public enum StageOrder: String, CaseIterable, Sendable {
    case decodeFirst = "decode-first"
    case prefillFirst = "prefill-first"
  }

  public static let type = "disagg-profile-handler"
  /// Which stage is picked first.
  public var order: StageOrder
  /// Name of the profile that picks who decodes.
  public var decodeProfile: String
  /// Name of the profile that picks who prefills.
  public var prefillProfile: String
  /// Name of the profile that picks who encodes media.
  public var encodeProfile: String
  /// Name of the decider of prefill.
  public var prefillDecider: String?
  /// Name of the decider of encode.
  public var encodeDecider: String?
  /// The decode sidecar's port, for data-parallel ranks.
  public var primaryPort: UInt16?

  /// A plugin with these parameters.
  public init(
    order: StageOrder = .decodeFirst, decodeProfile: String = "decode",
    prefillProfile: String = "prefill", encodeProfile: String = "encode",
    prefillDecider: String? = nil, encodeDecider: String? = nil, primaryPort: UInt16? = nil
  ) {
    self.order = order
    self.decodeProfile = decodeProfile
    self.prefillProfile = prefillProfile
    self.encodeProfile = encodeProfile
    self.prefillDecider = prefillDecider
    self.encodeDecider = encodeDecider
    self.primaryPort = primaryPort
  }

  public func schedule(
    _ run: inout SchedulingRun
  ) throws(SchedulingFailure) -> SchedulingResult {
    let decode: SchedulingResult.Profile
    var helpers = Helpers()
    switch order {
    case .decodeFirst:
      decode = try run.run(decodeProfile)
      let target = decode.targets.first
      if run.divides(decider: encodeDecider, target: target) { helpers.run(encodeProfile, &run) }
      if run.divides(decider: prefillDecider, target: target) { helpers.run(prefillProfile, &run) }
    case .prefillFirst:
      helpers.run(prefillProfile, &run)
      if run.divides(decider: encodeDecider, target: nil) { helpers.run(encodeProfile, &run) }
      decode = try run.run(decodeProfile)
    }
    return result(decode, helpers, run.candidates)
  }

  /// Profiles without which the request still works: whole, on who decodes.
  private struct Helpers {
    var chosen: [SchedulingResult.Profile] = []
    var setbacks: [SchedulingFailure] = []

    mutating func run(_ profile: String, _ run: inout SchedulingRun) {
      guard run.has(profile: profile) else { return }
      do throws(SchedulingFailure) {
        chosen.append(try run.run(profile))
      } catch {
        setbacks.append(error)
      }
    }
  }

  private func result(
    _ decode: SchedulingResult.Profile, _ helpers: Helpers, _ candidates: [Candidate]
  ) -> SchedulingResult {
    let prefill = helpers.chosen.first { $0.name == prefillProfile }
    let encode = helpers.chosen.first { $0.name == encodeProfile }
    var headers: [SchedulingResult.Header] = []
    if let target = prefill?.targets.first {
      headers.append(
        .init(name: "x-prefiller-host-port", value: candidates[target].endpoint.address))
    }
    if let targets = encode?.targets {
      let addresses = targets.map { candidates[$0].endpoint.address }
      headers.append(
        .init(name: "x-encoder-hosts-ports", value: addresses.joined(separator: ",")))
    }
    if primaryPort != nil {
      headers.append(
        DataParallelProfileHandler.header(for: candidates[decode.targets[0]].endpoint))
    }
    let decision =
      switch (encode != nil, prefill != nil) {
      case (false, false): "decode-only"
      case (false, true): "prefill-decode"
      case (true, false): "encode-decode"
      case (true, true): "encode-prefill-decode"
      }
    var result = SchedulingResult(
      primary: decode, others: helpers.chosen, decision: decision, headers: headers,
      destinationPort: primaryPort)
    result.setbacks = helpers.setbacks
    return result
  }

  public func faults(in plan: SchedulingPlan) -> [String] {
    var faults: [String] = []
    if !plan.has(profile: decodeProfile) {
      faults.append("\(Self.type) decodes with profile '\(decodeProfile)', which does not exist.")
    }
    for decider in [prefillDecider, encodeDecider] {
      if let decider, !plan.deciders.contains(where: { $0.name == decider }) {
        faults.append("\(Self.type) asks decider '\(decider)', which does not exist.")
      }
    }
    if order == .prefillFirst, prefillDecider != nil {
      faults.append(
        "\(Self.type) asks no decider of prefill where \(order.rawValue): prefill always runs.")
    }
    return faults
  }
}
