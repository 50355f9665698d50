import Service
import Testing

@testable import kvindexer

@Suite struct DoctorViewTests {
  private static let report = DoctorReport(
    endpoints: [
      EndpointExamination(
        endpoint: "a", address: "127.0.0.1:8000",
        findings: [
          DoctorFinding(.reach, note: "version 1"),
          DoctorFinding(
            .render,
            problems: [
              DoctorProblem(
                isFault: true, code: "render_disabled", found: "It is off.",
                matters: "Text matches nothing.", mend: "Turn it on.")
            ]),
          DoctorFinding(.service, note: "no indexer", isSkipped: true),
        ]),
      EndpointExamination(endpoint: "b", address: "127.0.0.1:8001"),
    ], isComplete: false)

  @Test func `the table has a line an endpoint, and each problem its paragraph`() {
    #expect(
      DoctorView.lines(Self.report).map(\.plain) == [
        "ENDPOINT  ADDRESS         REACH  RENDER", "a         127.0.0.1:8000  ok     FAULT",
        "b         127.0.0.1:8001  ?      ?", "", "FAULT a, render (render_disabled)",
        "  It is off.", "  Text matches nothing.", "  → Turn it on.", "",
        "2 endpoints: 1 fault, 0 warnings; interrupted: ? was not examined",
      ])
  }

  @Test func `a dash is explained, once for all of which the same is to be said`() {
    func examination(_ name: String, _ reason: String) -> EndpointExamination {
      EndpointExamination(
        endpoint: name, address: "h:1",
        findings: [DoctorStep.probe, .salt].map {
          DoctorFinding($0, note: reason, isSkipped: true)
        } + [DoctorFinding(.lora, note: "no adapter is loaded", isSkipped: true)])
    }
    let report = DoctorReport(
      endpoints: [examination("a", "it sleeps"), examination("b", "--no-probe")], isComplete: true)
    #expect(
      DoctorView.lines(report).suffix(6).map(\.plain) == [
        "", "- probe, salt: it sleeps (a)", "- lora: no adapter is loaded",
        "- probe, salt: --no-probe (b)", "", "2 endpoints: nothing is wrong",
      ])
  }

  @Test func `long sentences go on below their beginning`() {
    let lines = StyledText.wrapped(
      Array(repeating: "word", count: 40).joined(separator: " "), "  → ")
    #expect(lines.count == 3 && lines.allSatisfy { $0.width <= 96 })
    #expect(lines[0].plain.hasPrefix("  → word") && lines[1].plain.hasPrefix("    word"))
  }

  @Test func `the exit status is the verdict's`() {
    let strict = DoctorVerdict.allCases.map { DoctorCommand.status($0, isStrict: true) }
    #expect(strict == [0, 0, 1, 2])
    let lenient = DoctorVerdict.allCases.map { DoctorCommand.status($0, isStrict: false) }
    #expect(lenient == [0, 0, 0, 2])
  }

  @Test(arguments: [
    [], ["--timeout", "soon", "--endpoint", "address=a,port=1"], ["--server", "host"],
    ["--server", "http://a", "--endpoints", "f"],
    ["--endpoint", "address=a,port=1", "--ca-file", "f"],
    ["--endpoint", "address=a,port=1", "--render-url", "x"],
  ])
  func `a wrong command line is 64`(words: [String]) throws {
    #expect(try DoctorCommand.run(Arguments(words)) == 64)
  }

  @Test func `the report is JSON, steps in order`() throws {
    struct Answer: Decodable {
      struct Step: Decodable { var step: String, verdict: String, note: String }
      struct Endpoint: Decodable { var endpoint: String, verdict: String, steps: [Step] }
      var verdict: String
      var complete: Bool
      var endpoints: [Endpoint]
    }
    let answer = try ServiceLocation.read(Answer.self, from: Self.report.json)
    #expect(answer.verdict == "fault" && !answer.complete)
    #expect(answer.endpoints[0].steps.map(\.step) == ["reach", "render", "service"])
    #expect(answer.endpoints.map(\.verdict) == ["fault", "skipped"])
  }

  @Test func `a fleet of nobody is a fault, and not a success`() {
    let report = DoctorReport(endpoints: [], isComplete: true)
    #expect(DoctorCommand.status(report.verdict, isStrict: false) == 2)
    #expect(DoctorView.lines(report).map(\.plain).first?.contains("no endpoint") == true)
  }
}
