import Service
import Testing

@testable import kvindexer

@Suite struct ServeOptionsTests {
  private func configuration(_ words: String...) throws -> ServiceConfiguration {
    try ServeCommand.configuration(Arguments(words))
  }

  @Test func `a start without endpoints has to be asked for`() throws {
    #expect(throws: UsageError.self) { try configuration() }
    let alone = try configuration("--registered-only")
    #expect(alone.endpoints.isEmpty && alone.endpointsFile == nil)
    #expect(try configuration("--endpoint", "address=a,port=1").endpoints.count == 1)
  }

  @Test(arguments: [["--endpoints", "f"], ["--endpoint", "address=a,port=1"]])
  func `who names endpoints does not ask for none`(words: [String]) {
    let error = #expect(throws: UsageError.self) {
      try ServeCommand.configuration(Arguments(words + ["--registered-only"]))
    }
    #expect(error?.message.contains("leave it out") == true)
  }
}
