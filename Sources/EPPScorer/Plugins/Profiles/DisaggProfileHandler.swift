/// Runs decode, and prefill and encode where deciders say so.
///
/// Formula and defaults are those of llm-d's `disagg-profile-handler`.
public struct DisaggProfileHandler: Plugin {
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
}
