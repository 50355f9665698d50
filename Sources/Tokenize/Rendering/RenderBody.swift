/// The body of a render request: the client's own bytes, changed where they have to be.
///
/// A body that is parsed and written again renders to other tokens: the engine keeps the order of
/// keys in the schemas of tools, and the spelling of numbers.
public enum RenderBody {
  /// The body to send for `body`.
  ///
  /// - Parameters:
  ///   - body: A JSON object, as the client sent it.
  ///   - modelRange: Where the value of `model` stands in it, quotes and all; nil when it names none.
  ///   - model: The name that the renderer knows the model by; nil to leave the client's.
  ///   - hasMedia: Whether to ask for an answer without the tensors of images, which take about a
  ///     megabyte each.
  /// - Returns: `body` itself, not a copy, when nothing has to change.
  public static func make(
    _ body: [UInt8], modelRange: Range<Int>?, model: String?, hasMedia: Bool
  ) -> [UInt8] {
    guard model != nil || hasMedia else { return body }
    var result = body
    // From back to front, so that the range of the model stays where it is.
    if hasMedia { splice(field("mm_payload", "none"), into: &result) }
    guard let model else { return result }
    if let modelRange {
      precondition(
        modelRange.upperBound <= body.count, "\(modelRange) is outside of \(body.count) bytes")
      result.replaceSubrange(modelRange, with: string(model))
    } else {
      splice(field("model", model), into: &result)
    }
    return result
  }

  /// Adds a field before the last brace; of equal keys, JSON readers take the last one.
  ///
  /// What does not end like an object stays as it is: the renderer says what is wrong with it.
  private static func splice(_ field: [UInt8], into body: inout [UInt8]) {
    guard let end = lastOfText(body[...]), body[end] == UInt8(ascii: "}"),
      let last = lastOfText(body[..<end])
    else { return }
    let isEmpty = body[last] == UInt8(ascii: "{")
    body.insert(contentsOf: isEmpty ? field : [UInt8(ascii: ",")] + field, at: end)
  }

  private static func lastOfText(_ bytes: ArraySlice<UInt8>) -> Int? {
    bytes.lastIndex { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }
  }

  private static func field(_ name: String, _ value: String) -> [UInt8] {
    string(name) + [UInt8(ascii: ":")] + string(value)
  }

  private static func string(_ value: String) -> [UInt8] {
    var json = JSONWriter(capacity: value.utf8.count + 2)
    json.string(value)
    return json.bytes
  }
}
