/// A request's body, which can be made unlike all others by the number at its end.
///
/// The end of a text is ` k<prompt> u<number>"}`, so a stand-in for a renderer knows the prompt
/// without looking at the text.
struct NumberedBody {
  private static let digits = 12

  /// All but the number.
  let head: [UInt8]
  let isNumbered: Bool

  /// What comes after `head`.
  func tail(_ number: Int) -> [UInt8] {
    isNumbered ? Self.padded(number) + Array("\"}".utf8) : []
  }

  /// The whole body with a number.
  func bytes(_ number: Int) -> [UInt8] { head + tail(number) }

  var count: Int { head.count + tail(0).count }

  /// The end of a head.
  static func mark(of prompt: Int) -> [UInt8] {
    Array("k".utf8) + padded(prompt) + Array(" u".utf8)
  }

  private static func padded(_ number: Int) -> [UInt8] {
    let text = Array("\(number)".utf8)
    return Array(repeating: UInt8(ascii: "0"), count: max(0, digits - text.count)) + text
  }

  /// The prompt and the number of a body; nil when it has none.
  ///
  /// Fields may follow the prompt: a router is free to write the body again.
  static func numbers(in body: [UInt8]) -> (prompt: Int, number: Int)? {
    let length = 2 * digits + 3
    guard body.count >= length else { return nil }
    for start in stride(from: body.count - length, through: 0, by: -1)
    where body[start] == UInt8(ascii: "k") && body[start + digits + 2] == UInt8(ascii: "u") {
      let prompt = number(body[(start + 1)...].prefix(digits))
      let number = number(body[(start + digits + 3)...].prefix(digits))
      if let prompt, let number { return (prompt, number) }
    }
    return nil
  }

  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    Int(String(decoding: text, as: UTF8.self))
  }
}
