/// Plugins and profiles of pickers under test.
enum Plans {
  /// Guesses from text and token ids; nothing else counts.
  static let approximate = plan(
    ["{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}"],
    profile: "prefix-cache-scorer")

  /// Knows from events; `tokens` says where token ids come from, as parameters of the producer.
  static func precise(
    tokens: String = "endpoints: {}", producer: String = "", more: [String] = []
  ) -> String {
    plan(
      [
        "{type: token-producer, parameters: {\(tokens)}}",
        "{type: precise-prefix-cache-producer, parameters: {\(producer)}}",
        "{type: prefix-cache-scorer, parameters: "
          + "{prefixMatchInfoProducerName: precise-prefix-cache-producer}}",
      ] + more, profile: "prefix-cache-scorer")
  }

  /// Claims outlive any test.
  static let speculative = "speculativeIndexing: true, speculativeTTL: 1h"

  /// One profile, or several, of plugins separated by blanks.
  static func plan(_ plugins: [String], profile: String) -> String {
    plan(plugins, profiles: [("default", profile)])
  }

  static func plan(_ plugins: [String], profiles: [(name: String, plugins: String)]) -> String {
    var lines = plugins.map { "- " + $0 } + ["schedulingProfiles:"]
    for profile in profiles {
      let references = profile.plugins.split(separator: " ").map { "{pluginRef: \($0)}" }
      lines.append(
        "- {name: \(profile.name), plugins: [\(references.joined(separator: ", "))]}")
    }
    return lines.joined(separator: "\n")
  }

  // MARK: Bodies

  /// A completion of a numbered text; texts of different numbers share nothing.
  ///
  /// - Parameter blocks: Approximate blocks of 64 tokens, and half of one more.
  static func text(_ number: Int, blocks: Int = 4, more: String = "") -> String {
    #"{"model": "m", "prompt": "\#(letters(number, blocks))"\#(more)}"#
  }

  private static func letters(_ number: Int, _ blocks: Int) -> String {
    let head = "\(number) "
    return head + String(repeating: "x", count: blocks * 256 + 128 - head.utf8.count)
  }

  /// A completion of token ids that `PublishedEngine` publishes under that number, and one more.
  static func tokens(_ number: Int, blocks: Int = 4, more: String = "") -> String {
    #"{"model": "m", "prompt": \#(PublishedEngine.tokens(number, blocks: blocks) + [0])\#(more)}"#
  }
}
