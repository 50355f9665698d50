/// Reads what a response says of its tokens while its body passes, in constant memory.
///
/// It knows the usage of OpenAI's APIs, of Anthropic's messages and of SGLang, whole and streamed.
/// A later count takes the place of an earlier one unless it is zero, as streams repeat and
/// complete them. Bytes of any kind can be read; from those that are no JSON nothing is learnt.
public struct UsageReader: Sendable {
  private var scanner: ResponseScanner
  /// What was read so far; nil when there was nothing.
  public private(set) var usage: TokenUsage?
  // Of the usage that is being read:
  private var uncachedPrompt: Int?
  private var cacheRead = 0
  private var cacheCreation = 0

  /// A reader of a body that begins.
  public init(_ format: ResponseFormat) { scanner = ResponseScanner(format) }

  /// Reads the next bytes of the body, cut anywhere.
  ///
  /// - Complexity: O(`chunk.count`), about a nanosecond for a byte of structure and a tenth of it
  ///   for one of text; allocates nothing unless a key is cut.
  public mutating func read(_ chunk: UnsafeRawBufferPointer) {
    var index = 0
    while let event = scanner.next(chunk, from: &index) {
      switch event {
      case .entered(.usage):
        uncachedPrompt = nil
        cacheRead = 0
        cacheCreation = 0
      case .number(let name, let count): take(name, count)
      case .entered, .model: break
      }
    }
  }

  private mutating func take(_ name: UsageNumber, _ count: Int) {
    var usage = self.usage ?? TokenUsage()
    switch name {
    case .prompt: Self.set(&usage.promptTokens, count)
    case .completion: Self.set(&usage.completionTokens, count)
    case .cached: Self.set(&usage.cachedTokens, count)
    case .uncachedPrompt: uncachedPrompt = count
    case .cacheRead:
      cacheRead = count
      Self.set(&usage.cachedTokens, count)
    case .cacheCreation: cacheCreation = count
    }
    // Anthropic counts the tokens that its cache read and wrote apart from the others.
    if let uncachedPrompt {
      Self.set(&usage.promptTokens, uncachedPrompt + cacheRead + cacheCreation)
    }
    self.usage = usage
  }

  private static func set(_ place: inout Int?, _ count: Int) {
    if count != 0 || place == nil { place = count }
  }
}
