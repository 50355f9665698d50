import EPPScorer
import Testing

@Suite struct LabelPluginTests {
  @Test(arguments: [
    (role: "decode", filters: "d"), ("prefill", "p"), ("encode", "e"), ("prefill-decode", "pd"),
    ("both", "pd"), ("encode-prefill", "ep"), ("encode-prefill-decode", "epd"), ("unknown", ""),
    ("", ""), (nil, "d"),
  ]) func `a role says which filters keep an endpoint`(role: String?, filters: String) {
    let labels = role.map { ["llm-d.ai/role": $0] } ?? [:]
    let pool = CandidatePool([Scenario.candidate("a", labels: labels)])
    let all: [(String, any Filter)] = [
      ("e", EncodeFilter()), ("p", PrefillFilter()), ("d", DecodeFilter()),
    ]
    let keeping = all.filter { Scenario.kept($0.1, pool) != nil }.map(\.0).joined()
    #expect(keeping == filters)
  }

  private let zones = CandidatePool([
    Scenario.candidate("0", labels: ["zone": "a", "gpu": "h100"]),
    Scenario.candidate("1", labels: ["zone": "b"]), Scenario.candidate("2"),
  ])

  @Test func `a label must have one of the values, or may be missing`() {
    #expect(Scenario.kept(LabelFilter(label: "zone", validValues: ["a", "c"]), zones) == [0])
    let lenient = LabelFilter(label: "zone", validValues: ["b"], allowsNoLabel: true)
    #expect(Scenario.kept(lenient, zones) == [1, 2])
    #expect(Scenario.kept(LabelFilter(label: "rack"), zones) == nil)
  }

  private static let expressions: [(LabelExpression.Operator, [String], [Int]?)] = [
    (.isIn, ["a", "b"], [0, 1]), (.isIn, ["x"], nil),
    (.isNotIn, ["a"], [1, 2]), (.exists, [], [0, 1]), (.doesNotExist, [], [2]),
  ]

  @Test(arguments: expressions) func `an expression selects as Kubernetes does`(
    operation: LabelExpression.Operator, values: [String], kept: [Int]?
  ) {
    let filter = LabelSelectorFilter(matchExpressions: [
      LabelExpression(key: "zone", operator: operation, values: values)
    ])
    #expect(Scenario.kept(filter, zones) == kept)
  }

  @Test func `labels and expressions must all hold, and none select all`() {
    #expect(Scenario.kept(LabelSelectorFilter(), zones) == [0, 1, 2])
    let filter = LabelSelectorFilter(
      matchLabels: ["zone": "a"],
      matchExpressions: [LabelExpression(key: "gpu", operator: .doesNotExist)])
    #expect(Scenario.kept(filter, zones) == nil)
    #expect(Scenario.kept(LabelSelectorFilter(matchLabels: ["zone": "b"]), zones) == [1])
  }

  @Test func `an endpoint whose label equals the header scores 1`() throws {
    let scorer = HeaderLabelAffinityScorer(headerName: "x-zone", labelKey: "zone")
    let request = SchedulingRequest(headers: RequestHeaders([("x-zone", "b")]))
    #expect(try Scenario.scores(scorer, zones, request) == [0, 1, 0])
    #expect(try Scenario.scores(scorer, zones) == [0, 0, 0])
  }

  // MARK: Context length

  private let key = "llm-d.ai/context-length-range"

  private func ranges(_ labels: [String?]) -> CandidatePool {
    CandidatePool(labels.map { Scenario.candidate("a", labels: $0.map { [key: $0] } ?? [:]) })
  }

  @Test func `an endpoint for prompts of this length scores higher the closer it fits`() throws {
    let pool = ranges(["0-10000", "0-100000", "1000-1000", "2000-4000", "0-500", nil])
    let request = SchedulingRequest(promptTokens: 1000)
    let scores = try Scenario.scores(ContextLengthAware(), pool, request)
    let wide = 0.3 + 0.7 * (0.7 / 2 + 0.3 * 0.9)
    let wider = 0.3 + 0.7 * (0.7 / 11 + 0.3 * 0.99)
    #expect(Scenario.areEqual(scores, [wide, wider, 1, 0.3 / 2, 0.3 / 1.5, 0.5]))
  }

  @Test(arguments: ["", "5", "5-", "-5", "9-5", "a-b", "1-2-3", "0--0", "+1-5"])
  func `a label that is no range scores 0 and is filtered out`(label: String) throws {
    let request = SchedulingRequest(promptTokens: 3)
    #expect(try Scenario.scores(ContextLengthAware(), ranges([label]), request) == [0])
    let filter = ContextLengthAware(enableFiltering: true)
    #expect(Scenario.kept(filter, ranges([label]), request) == nil)
  }

  @Test func `as a filter it keeps what is in range or has no range`() {
    let pool = ranges(["0-100", "50 - 200", nil, "150-200"])
    let request = SchedulingRequest(promptTokens: 100)
    #expect(Scenario.kept(ContextLengthAware(enableFiltering: true), pool, request) == [0, 1, 2])
    #expect(Scenario.kept(ContextLengthAware(), pool, request) == [0, 1, 2, 3])
  }

  @Test func `a prompt of which nothing is known is at home everywhere`() throws {
    let pool = ranges(["5-100", nil])
    #expect(try Scenario.scores(ContextLengthAware(), pool) == [0.5, 0.5])
    #expect(Scenario.kept(ContextLengthAware(enableFiltering: true), pool) == [0, 1])
  }
}
