/// The stages of a request that an endpoint takes part in.
public struct Stages: OptionSet, Hashable, Sendable {
  public static let encode = Stages(rawValue: 1)
  public static let prefill = Stages(rawValue: 2)
  public static let decode = Stages(rawValue: 4)

  /// The label of an endpoint that names its role.
  public static let label = "llm-d.ai/role"

  public let rawValue: UInt8

  /// The stages of some bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The stages of a role; none for one that is not known.
  public init(role: String) {
    self =
      switch role {
      case "encode": .encode
      case "prefill": .prefill
      case "decode": .decode
      case "encode-prefill": [.encode, .prefill]
      case "prefill-decode", "both": [.prefill, .decode]
      case "encode-prefill-decode": [.encode, .prefill, .decode]
      default: []
      }
  }
}
