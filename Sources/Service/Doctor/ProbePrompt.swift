import Tokenize

/// A prompt that no engine has seen: common words in a random order.
///
/// A word is at least one token. Two prompts that agree in a block of 16 words are one pair in
/// 2⁹⁶, so nothing of a prompt is cached before it is sent.
struct ProbePrompt {
  static let wordsMin = 200

  var text: String

  init(words count: Int) {
    text = (0..<count).map { _ in Self.words[Int.random(in: Self.words.indices)] }
      .joined(separator: " ")
  }

  /// 64, so that each carries six bits.
  private static let words = """
    about after again air all also always answer area back before begin between both call city \
    close country different door earth end every example eye face family far field find first food \
    form friend good group hand head high home house idea kind land large last letter light line \
    long man mother mountain name new night number old open paper part people place plant
    """.split(separator: " ").map(String.init)
}
