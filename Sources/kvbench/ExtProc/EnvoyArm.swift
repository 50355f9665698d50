/// A way of routing that is measured through Envoy.
enum EnvoyArm: String, CaseIterable {
  case none = "no ext_proc"
  case noOp = "no-op"
  /// A server that decides nothing, once it has seen the whole body.
  case noOpWhole = "no-op, whole body"
  case approximate = "approximate"
  case preciseTokens = "precise, token ids"
  /// The picker's cache has the token ids of the text.
  case preciseCached = "precise, text seen before"
  /// A renderer is asked for every request's token ids.
  case preciseRendered = "precise, text rendered"

  /// The listener of Envoy's that routes so.
  var listener: String {
    switch self {
    case .none: "plain"
    case .noOp: "no-op"
    case .noOpWhole: "no-op-whole"
    case .approximate: "approximate"
    case .preciseTokens, .preciseCached, .preciseRendered: "precise"
    }
  }

  /// Whether prompts are token ids; text otherwise.
  var sendsTokens: Bool { self == .preciseTokens }

  /// Whether every request differs from all others.
  var isUnique: Bool { self == .preciseRendered }

  /// Whether the engine that holds a prompt's beginning is known.
  var hasHolder: Bool { listener == "precise" }
}
