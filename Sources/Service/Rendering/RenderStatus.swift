package import Tokenize

/// What is known of a renderer.
package enum RenderStatus: Equatable, Sendable {
  /// It was not examined yet.
  case unprobed
  case ready
  /// It renders, but its token ids could not be compared.
  case unverified(String)
  /// Its render endpoints are switched off.
  case disabled(status: Int)
  case unknownModel(String)
  /// Its token ids differ from those of a tokenizer.
  case disagrees(with: String)
  case unreachable(String)
  /// It answers errors, garbage or too late.
  case failing(String)

  /// The states without their particulars.
  package enum Name: String, MetricLabel {
    case unprobed, ready, unverified, disabled
    case unknownModel = "unknown_model"
    case disagrees, unreachable, failing
    package static let labelName = "status"
  }

  package var name: Name {
    switch self {
    case .unprobed: .unprobed
    case .ready: .ready
    case .unverified: .unverified
    case .disabled: .disabled
    case .unknownModel: .unknownModel
    case .disagrees: .disagrees
    case .unreachable: .unreachable
    case .failing: .failing
    }
  }

  package var isUsable: Bool {
    switch self {
    case .unprobed, .ready, .unverified: true
    case .disabled, .unknownModel, .disagrees, .unreachable, .failing: false
    }
  }

  /// Whether a renderer that leaves this state may have been started anew, with another template.
  var endsWithRestart: Bool {
    switch self {
    case .disabled, .unknownModel, .disagrees, .unreachable: true
    case .unprobed, .ready, .unverified, .failing: false
    }
  }

  /// The state of a renderer that failed so.
  init(_ failure: RenderFailure) {
    switch failure {
    case .disabled(let status): self = .disabled(status: status)
    case .unknownModel(let message): self = .unknownModel(message)
    case .unreachable(let reason): self = .unreachable(reason)
    // The state is logged, and a server's message may quote the prompt.
    case .unexpectedStatus(let status, _): self = .failing("the renderer answers \(status)")
    default: self = .failing(failure.description)
    }
  }
}

extension RenderStatus: CustomStringConvertible {
  /// One clause that says what is wrong and how to mend it.
  package var description: String {
    switch self {
    case .unprobed: "not examined yet"
    case .ready: "ready"
    case .unverified(let reason): "usable, but its token ids could not be compared: \(reason)"
    case .disabled(let status): RenderFailure.disabled(status: status).description
    case .unknownModel(let message): RenderFailure.unknownModel(message: message).description
    case .disagrees(let name):
      "its token ids differ from those of /tokenize at \(name): it renders for another model"
    case .unreachable(let reason): RenderFailure.unreachable(reason).description
    case .failing(let reason): reason
    }
  }
}

/// A renderer as others see it.
package struct RendererReport: Equatable, Sendable {
  package var name: String
  package var status: RenderStatus
  package var breaker: CircuitBreaker.Phase
}
