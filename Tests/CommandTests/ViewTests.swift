import Testing

@testable import kvindexer

/// What people see of answers that were written by hand.
@Suite struct ViewTests {
  private static func read<Answer: Decodable>(_ type: Answer.Type, _ json: String) throws -> Answer
  {
    try ServiceLocation.read(type, from: Array(json.utf8))
  }

  private static func plain(_ lines: [StyledText]) -> [String] { lines.map(\.plain) }

  private static let gpu =
    #"{"tier": "gpu", "blocks": 384, "tokens": 6144, "bytes": 12582912, "capacity_blocks": 511,"#
    + #""capacity_bytes": null, "shared_blocks": 96}"#

  private static let residency = """
    {"time": 1700000000.5, "endpoints": [
      {"endpoint": "vllm-0", "address": "127.0.0.1:8000", "model": "m", "trust": "exact",
       "reason": null, "block_size": 16, "blocks": 384, "tokens": 6144, "capacity_blocks": 511,
       "index_bytes": 12345, "tiers": [\(gpu)], "age_s": 31.5, "oldest_s": 80.2,
       "stored_per_s": 12.1, "removed_per_s": 11.94, "turnover_s": 31.7,
       "ranks": [{"rank": 0, "trust": "exact", "reason": null, "tiers": [\(gpu)]}]},
      {"endpoint": "vllm-1", "address": "127.0.0.1:8001", "model": null, "trust": "degraded",
       "reason": "messages were lost", "block_size": null, "blocks": 0, "tokens": 0,
       "capacity_blocks": null, "index_bytes": 0, "tiers": [], "age_s": null, "oldest_s": null,
       "stored_per_s": null, "removed_per_s": null, "turnover_s": null, "ranks": []}],
     "partial": false, "namespaces": [{"namespace": "9f", "model": "m", "lora": null, "salted": true, "block_size": 16,
       "blocks": 384, "holders": 1}]}
    """

  @Test func `endpoints line up, and what is not known is a dash`() throws {
    let answer = try Self.read(ResidencyAnswer.self, Self.residency)
    #expect(
      Self.plain(EndpointsView.lines(answer)) == [
        "2 endpoints, 1 exact; 384 blocks, 6,144 tokens", "",
        "ENDPOINT  MODEL  TRUST     CACHE             BLOCKS   OF    FULL  SHARED     AGE  "
          + "STORED/s  REMOVED/s  TURNOVER",
        "vllm-0    m      exact     ████████████░░░░     384  511  75.1 %  25.0 %  31.5 s  "
          + "    12.1       11.9    31.7 s",
        "vllm-1    -      degraded                         0    -       -       -       -  "
          + "       -          -         -  messages were lost",
      ])
  }

  @Test func `residency has a line for each tier, and the namespaces`() throws {
    let lines = Self.plain(ResidencyView.lines(try Self.read(ResidencyAnswer.self, Self.residency)))
    #expect(lines.count == 5)
    #expect(lines[1].hasPrefix("vllm-0          gpu   ████████████░░░░     384  511  75.1 %"))
    #expect(lines[1].contains("6,144  12.0 MiB  25.0 %  31.5 s  1 min 20 s  exact"))
    #expect(lines[4] == "9f         m      -     salted     16     384        1")
  }

  private static func source(
    _ id: Int, _ endpoint: String, trust: String, reason: String = "null"
  ) -> String {
    """
    {"source": \(id), "endpoint": "\(endpoint)", "rank": 0, "trust": "\(trust)",
     "reason": \(reason), "warning": null, "incarnation": 2, "block_size": 16,
     "residencies": 123456, "counters": {"stored_blocks": 12345678, "removed_blocks": 12222222},
     "stream": {"endpoint": "tcp://10.0.0.7:5557", "last_sequence": 4567890, "gaps": 0}}
    """
  }

  @Test func `sources show the id that changes take, and fit a terminal of 100 columns`() throws {
    let why = Array(repeating: "word", count: 40).joined(separator: " ")
    let lines = Self.plain(
      SourcesView.lines(
        try Self.read(
          SourcesAnswer.self,
          #"{"sources": [\#(Self.source(7, "vllm-0", trust: "exact")),"#
            + Self.source(12, "vllm-worker-1", trust: "bootstrapping", reason: #""\#(why)""#)
            + "]}")))
    #expect(lines[0].hasPrefix("ID  SOURCE           TRUST"))
    #expect(lines[1].hasPrefix(" 7  vllm-0:0         exact"))
    #expect(lines[1].hasSuffix("12,345,678  12,222,222  4,567,890     0     2"))
    #expect(lines[3] == "")
    #expect(lines[4] == "12 vllm-worker-1:0, events at tcp://10.0.0.7:5557")
    #expect(lines[5].hasPrefix("  word word"))
    #expect(lines.count == 8 && lines.allSatisfy { $0.count <= 100 })
  }

  @Test func `an empty fleet is said to be one`() throws {
    let answer = try Self.read(ResidencyAnswer.self, #"{"endpoints": [], "namespaces": []}"#)
    #expect(Self.plain(EndpointsView.lines(answer)) == ["No endpoint is followed that fits."])
    let nobody = try Self.read(SourcesAnswer.self, #"{"sources": []}"#)
    #expect(Self.plain(SourcesView.lines(nobody)) == ["No event source is followed."])
    #expect(Self.plain(DecisionsView.lines([])) == ["No decision is remembered that fits."])
    #expect(Self.plain(PrefixesView.lines([], total: 0)) == ["No prefix is resident that fits."])
  }

  private static func prefix(_ id: String, children: Int = 0, first: Int = 0) -> String {
    """
    {"id": "\(id)", "namespace": "9f", "first_block": \(first), "blocks": 25, "depth_blocks": 25,
     "depth_tokens": 400, "holders": [{"endpoint": "a", "rank": 0, "tier": "gpu", "blocks": 25},
       {"endpoint": "b", "rank": 0, "tier": "gpu", "blocks": 25}], "holder_count": 20,
     "children": \(children), "last_hit_s": 3.2, "reads": 17, "value": 8500.0}
    """
  }

  @Test func `a tree shows levels, and what is left out`() throws {
    let answer = try Self.read(
      PrefixesAnswer.self,
      #"{"parent": null, "prefixes": [\#(Self.prefix("aa", children: 3)), \#(Self.prefix("bb")),"#
        + #"\#(Self.prefix("cc", first: 25))], "total": 9, "next": "x"}"#)
    let (root, first, second) = (answer.prefixes[0], answer.prefixes[1], answer.prefixes[2])
    let branches = [
      PrefixesView.Branch(prefix: root, children: [.init(prefix: first), .init(prefix: second)]),
      PrefixesView.Branch(prefix: first),
    ]
    let lines = Self.plain(PrefixesView.lines(branches, total: 9))
    #expect(
      lines.map { String($0.prefix(14)) } == [
        "PREFIX       F", "aa            ", "├─ bb         ", "├─ cc         ", "└─ … 1 more",
        "bb            ", "… 7 more; --li",
      ])
    #expect(lines[1].hasSuffix("8,500     17     3.2 s       20  a, b, and 18 more"))
  }

  private static let explanation = """
    {"model": "m", "prompt_tokens": 400, "tokens_from": "rendered", "reason": null,
     "tokens": {"from": "rendered", "by": "a", "sentence": "Rendered by a."}, "block_size": 16,
     "full_blocks": 25, "usable_blocks": 24, "cache_salt": true, "lora": null,
     "endpoints": [
      {"endpoint": "a", "address": "h:1", "rank": 0, "block_size": 16, "matched_tokens": 272,
       "matched_blocks": 17, "tiers": {"gpu": 272}, "reserved_tokens": 16, "trust": "exact",
       "reason": null, "trust_since_s": 60, "missing": {"block": 17, "token": 272,
        "cause": "evicted", "ago_s": 12.3, "sentence": "It was evicted.", "namespace": null,
        "group": null},
       "prediction": {"tokens": 288, "basis": "exact"}, "score_total": 1.7,
       "scores": [{"scorer": "prefix", "weight": 2, "score": 0.6},
                  {"scorer": "queue", "weight": 1, "score": 0.5}],
       "filtered_by": null, "picked": false},
      {"endpoint": "b", "address": "h:2", "rank": 0, "block_size": 16, "matched_tokens": 0,
       "matched_blocks": 0, "tiers": {"gpu": 0, "cpu": 16}, "reserved_tokens": 0,
       "trust": "degraded", "reason": "lost", "trust_since_s": 61, "missing": null,
       "prediction": null, "score_total": null, "scores": [], "filtered_by": "label",
       "picked": true}],
     "pick": {"endpoint": "b", "profile": "default", "sentence": "b is idle.",
       "given_up": {"endpoint": "a", "tokens": 272,
         "for": [{"scorer": "queue", "weighted_difference": 0.5}], "sentence": "a holds more."}}}
    """

  @Test func `an explanation says what is missing, and what was given up`() throws {
    let lines = Self.plain(ExplainView.lines(try Self.read(ExplainAnswer.self, Self.explanation)))
    #expect(
      lines == [
        "m: 400 prompt tokens, 25 full blocks of 16 tokens, 24 usable, salted", "Rendered by a.",
        "",
        "   ENDPOINT  MATCHED  OF ALL  GPU  CPU  RESERVED  PREDICTED  BASIS              SCORE  "
          + "TRUST",
        "   a             272  68.0 %  272    0        16        288  exact              1.700  "
          + "exact",
        "→  b               0   0.0 %    0   16         0          -  -      left out by label  "
          + "degraded  lost (for 1 min 1 s)",
        "", "ENDPOINT  FIRST MISSING  FROM TOKEN  CAUSE       AGO",
        "a              block 17         272  evicted  12.3 s  It was evicted.", "",
        "SCORE OF  prefix  queue    SUM", "a          1.200  0.500  1.700", "",
        "pick: b is idle.", "given up: a holds more.",
      ])
  }

  @Test func `colours are for terminals, and change no column`() throws {
    let lines = EndpointsView.lines(try Self.read(ResidencyAnswer.self, Self.residency))
    #expect(lines[3].written(isColoured: false) == lines[3].plain)
    let coloured = lines[3].written(isColoured: true)
    #expect(coloured.contains("\u{1b}[32mexact\u{1b}[0m"))
    #expect(lines[3].cut(to: 12).plain == "vllm-0    m…")
  }

  @Test func `decisions show errors, regret and causes, and sums below`() throws {
    let answer = try Self.read(
      DecisionsAnswer.self,
      #"{"decisions": [\#(DecisionJSON(2, predicted: 64, delivered: 48, regret: 32).text),"#
        + #"\#(DecisionJSON(1, predicted: 64, delivered: 64).text)], "next": null, "kept": 2,"#
        + #""forgotten": 0}"#)
    let lines = Self.plain(DecisionsView.lines(answer.decisions.reversed()))
    #expect(lines[1].contains("completed     400         64         64      0       0"))
    #expect(lines[2].contains("completed     400         64         48    -16      32"))
    #expect(lines[2].hasSuffix("exact  evicted since; b held more"))
    #expect(
      lines.suffix(3) == [
        "2 decisions, 2 answered",
        "1 of 2 predictions equal; 128 tokens predicted, 112 delivered, 14.0 % of the prompts",
        "regret 32 tokens",
      ])
  }
}
