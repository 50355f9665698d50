import Service
import Testing

@Suite struct RequestAdmissionTests {
  private func admission(_ requestsMax: Int, perClient: Int) -> RequestAdmission {
    var limits = RequestAdmission.Limits()
    limits.requestsMax = requestsMax
    limits.requestsPerClientMax = perClient
    return RequestAdmission(limits)
  }

  @Test func `a client's limit does not touch other clients`() {
    let admission = admission(10, perClient: 2)
    #expect(admission.enter(client: "a") == nil)
    #expect(admission.enter(client: "a") == nil)
    #expect(admission.enter(client: "a") == .tooManyRequests)
    #expect(admission.enter(client: "b") == nil)
    #expect(admission.requestsInFlight == 3)
    admission.leave(client: "a")
    #expect(admission.enter(client: "a") == nil)
    #expect(admission.refusals[.tooManyRequests].value == 1)
    #expect(admission.refusals[.overloaded].value == 0)
  }

  @Test func `the limit over all clients holds however many there are`() {
    let admission = admission(3, perClient: 2)
    for client in ["a", "b", "c"] { #expect(admission.enter(client: client) == nil) }
    for client in ["a", "d"] { #expect(admission.enter(client: client) == .overloaded) }
    #expect(admission.refusals[.overloaded].value == 2)
    admission.leave(client: "b")
    #expect(admission.enter(client: "d") == nil)
  }

  @Test func `clients that have left leave nothing behind`() {
    let admission = admission(10, perClient: 1)
    for number in 0..<1000 {
      #expect(admission.enter(client: "\(number)") == nil)
      admission.leave(client: "\(number)")
    }
    #expect(admission.requestsInFlight == 0)
    #expect(admission.clients == 0)
  }

  @Test func `entering and leaving from many threads loses no count`() {
    let admission = admission(3, perClient: 2)
    let threads = (0..<4).map { number in
      WorkerThread(name: "client") {
        let client = "\(number % 2)"
        for _ in 0..<2000 {
          if admission.enter(client: client) == nil { admission.leave(client: client) }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(admission.requestsInFlight == 0)
    #expect(admission.clients == 0)
  }

  @Test(arguments: [
    (RequestAdmission.Refusal.overloaded, 503, "overloaded"),
    (.tooManyRequests, 429, "too_many_requests"),
  ])
  func `a refusal over HTTP says when to try again`(
    _ refusal: RequestAdmission.Refusal, _ status: Int, _ type: String
  ) {
    let error = HTTPError(refusal)
    #expect(error.status == status)
    #expect(error.type == type)
    #expect(error.headers.map(\.name) == ["Retry-After"])
  }
}
