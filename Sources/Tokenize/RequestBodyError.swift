/// Why a request's body was refused.
public struct RequestBodyError: Error, Equatable, Sendable {
  /// One sentence with the place in the body, for example
  /// `line 1, column 12: tokens: expected an array, not a string`.
  public var message: String
  /// The field at fault; nil when the body as a whole is.
  public var param: String?

  public init(message: String, param: String?) {
    self.message = message
    self.param = param
  }

  init(_ clause: String, param: String?, at offset: Int, in body: UnsafeRawBufferPointer) {
    let position = TextPosition(of: offset, in: body)
    let subject = param.map { "\($0): " } ?? ""
    message = "line \(position.line), column \(position.column): \(subject)\(clause)"
    self.param = param
  }
}
