import Testing

@testable import Tokenize

@Suite struct FeedbackRequestTests {
  private static let report =
    #"{"request_id": "r", "endpoint": "a", "cached_tokens": 16, "prompt_tokens": 40}"#

  private func one(_ body: String) throws -> FeedbackReport? {
    if case .one(let report) = try FeedbackRequest(parsing: Array(body.utf8)) {
      report
    } else {
      nil
    }
  }

  @Test func `one report is read with what it leaves out`() throws {
    let report = try #require(try one(Self.report))
    #expect(report.requestID == "r" && report.endpoint == "a")
    #expect(report.cachedTokens == 16 && report.promptTokens == 40)
    #expect(report.outputTokens == nil && report.firstTokenMilliseconds == nil)
  }

  @Test func `several reports are read one by one`() throws {
    let body = #"{"feedback": [\#(Self.report), {"request_id": 7}, \#(Self.report)]}"#
    guard case .several(let reports) = try FeedbackRequest(parsing: Array(body.utf8)) else {
      Issue.record("no list")
      return
    }
    #expect(reports.count == 3)
    #expect(try reports[0].get() == reports[2].get())
    #expect(throws: RequestBodyError.self) { try reports[1].get() }
  }

  @Test(arguments: [
    (#"{"request_id": ""}"#, "request_id"), (#"{"cached_tokens": -1}"#, "cached_tokens"),
    (#"{"ttft_ms": -0.5}"#, "ttft_ms"), (#"{"tokens": 1}"#, "tokens"),
    (#"{"feedback": []}"#, "feedback"), (#"{"feedback": 1}"#, "feedback"), ("{}", "request_id"),
  ]) func `what is wrong is named`(body: String, param: String) {
    let error = #expect(throws: RequestBodyError.self) {
      try FeedbackRequest(parsing: Array(body.utf8))
    }
    #expect(error?.param == param)
  }

  @Test(arguments: ["", "[]", "{", #"{"feedback": ["#, "null"])
  func `what is no object is refused as a whole`(body: String) {
    #expect(throws: RequestBodyError.self) { try FeedbackRequest(parsing: Array(body.utf8)) }
  }
}
