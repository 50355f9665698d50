/// Why a prompt could not be turned into token ids.
public enum RenderFailure: Error, Equatable, Sendable {
  /// The renderer refuses the request itself, for example because the prompt is too long.
  case refused(status: Int, message: String)
  /// The renderer runs without its render endpoints.
  case disabled(status: Int)
  /// The renderer wants another key.
  case unauthorized
  /// The renderer does not serve the model that the request names.
  case unknownModel(message: String)
  /// The renderer answers with a status that says nothing about the request.
  case unexpectedStatus(Int, message: String)
  /// The answer is not what a renderer answers.
  case badAnswer(String)
  /// There is no connection to the renderer.
  case unreachable(String)
  /// The connection broke before the answer was complete.
  case broken(String)
  /// There was no answer before the deadline.
  case timedOut
  /// No renderer serves the model.
  case noRenderer(model: String)
  /// Every renderer of the model is out of use; the text says why one of them is.
  case noneUsable(String)
  /// More prompts are being rendered than may be.
  case overloaded
  /// Requests of this kind can't be rendered.
  case unsupported(InferenceAPI)
  /// The renderer client was stopped.
  case stopped

  /// Which failure it is, without its particulars.
  public enum Kind: String, CaseIterable, Sendable {
    case refused
    case disabled
    case unauthorized
    case unknownModel = "unknown_model"
    case unexpectedStatus = "unexpected_status"
    case badAnswer = "bad_answer"
    case unreachable
    case broken
    case timedOut = "timed_out"
    case noRenderer = "no_renderer"
    case noneUsable = "none_usable"
    case overloaded
    case unsupported
    case stopped
  }

  /// Which failure it is.
  public var kind: Kind {
    switch self {
    case .refused: .refused
    case .disabled: .disabled
    case .unauthorized: .unauthorized
    case .unknownModel: .unknownModel
    case .unexpectedStatus: .unexpectedStatus
    case .badAnswer: .badAnswer
    case .unreachable: .unreachable
    case .broken: .broken
    case .timedOut: .timedOut
    case .noRenderer: .noRenderer
    case .noneUsable: .noneUsable
    case .overloaded: .overloaded
    case .unsupported: .unsupported
    case .stopped: .stopped
    }
  }

  /// What it tells of the renderer that it came from; nil when it tells nothing.
  public var evidence: CircuitBreaker.Outcome? {
    switch kind {
    case .refused, .unknownModel: .success
    case .disabled, .unauthorized: .refusal
    case .unexpectedStatus, .badAnswer, .unreachable, .broken, .timedOut: .fault
    case .noRenderer, .noneUsable, .overloaded, .unsupported, .stopped: nil
    }
  }

  /// Whether another renderer may have an answer.
  public var isWorthRetrying: Bool {
    switch kind {
    case .disabled, .unauthorized, .unknownModel, .unexpectedStatus, .badAnswer, .unreachable,
      .broken, .timedOut:
      true
    case .refused, .noRenderer, .noneUsable, .overloaded, .unsupported, .stopped: false
    }
  }
}

extension RenderFailure: CustomStringConvertible {
  /// One clause that says what is wrong and, where an operator can mend it, how.
  public var description: String {
    switch self {
    case .refused(let status, let message):
      "the renderer refuses the request (\(status)): \(message)"
    case .disabled(let status):
      "rendering is disabled (\(status)): start vLLM with --enable-scale-out"
    case .unauthorized: "the renderer wants another API key (401): configure its bearer token"
    case .unknownModel(let message):
      "the renderer does not know the model: check its served model name (\(message))"
    case .unexpectedStatus(let status, let message):
      "the renderer answers \(status)\(message.isEmpty ? "" : ": \(message)")"
    case .badAnswer(let clause): "the renderer's answer is not understood: \(clause)"
    case .unreachable(let reason): "the renderer can't be reached: \(reason)"
    case .broken(let reason): "the connection to the renderer broke: \(reason)"
    case .timedOut: "the renderer did not answer in time"
    case .noRenderer(let model): "no renderer serves the model '\(model)'"
    case .noneUsable(let reason): "no renderer is usable: \(reason)"
    case .overloaded: "too many prompts are being rendered"
    case .unsupported(let api): "requests to \(api.path) can't be rendered"
    case .stopped: "rendering was stopped"
    }
  }
}
