import Simulation
import Testing

@testable import Service

@Suite struct EngineSharingTests {
  private static func prediction(_ engine: Int, _ number: Int) -> DemoPrediction {
    DemoPrediction(
      engine: engine, promptTokens: 100, predictedTokens: number, deliveredTokens: number)
  }

  @Test func `a request that meets nobody is alone at once`() {
    var sharing = EngineSharing()
    for number in 1...3 {
      let began = sharing.begin()
      let answered = sharing.answer()
      let known = sharing.settle(Self.prediction(0, number), began: began, answered: answered)
      #expect(known.map(\.prediction.predictedTokens) == [number])
      #expect(known.map(\.isShared) == [false])
    }
  }

  @Test(arguments: [0, 1])
  func `requests at the same time share an engine only if it is the same one`(other: Int) {
    var sharing = EngineSharing()
    let first = sharing.begin()
    let second = sharing.begin()
    let answered = sharing.answer()
    // Nobody knows yet where the second one is.
    #expect(sharing.settle(Self.prediction(0, 1), began: first, answered: answered).isEmpty)
    let late = sharing.answer()
    let known = sharing.settle(Self.prediction(other, 2), began: second, answered: late)
    #expect(known.map(\.prediction.predictedTokens) == [1, 2])
    #expect(known.map(\.isShared) == [other == 0, other == 0])
  }

  @Test func `a request shares with one whose events were not applied when it was sent`() {
    var sharing = EngineSharing()
    let first = sharing.begin()
    let firstAnswered = sharing.answer()
    let second = sharing.begin()
    // The second one was sent after the answer to the first.
    let known = sharing.settle(Self.prediction(0, 1), began: first, answered: firstAnswered)
    #expect(known.map(\.isShared) == [false])
    let answered = sharing.answer()
    let rest = sharing.settle(Self.prediction(0, 2), began: second, answered: answered)
    #expect(rest.map(\.isShared) == [true])
  }

  @Test(arguments: TestSeeds.upTo(20))
  func `it agrees with a look at all requests at the end`(seed: UInt64) {
    struct Request {
      var engine: Int
      var began: Int
      var answered: Int?
    }
    var random = SplitMix64(seed: seed)
    var sharing = EngineSharing()
    var open: [Request] = []
    var visits: [EngineSharing.Visit] = []
    var verdicts: [Int: Bool] = [:]
    var clock = 0
    for step in 0..<600 {
      clock += 1
      let isLast = step >= 500
      if !isLast, open.count < 5, random.below(3) == 0 {
        open.append(Request(engine: random.below(3), began: sharing.begin(), answered: nil))
        continue
      }
      guard !open.isEmpty else {
        clock -= 1
        continue
      }
      let index = random.below(open.count)
      let request = open[index]
      guard let answered = request.answered else {
        open[index].answered = sharing.answer()
        continue
      }
      open.remove(at: index)
      let prediction = Self.prediction(request.engine, request.began)
      visits.append(
        EngineSharing.Visit(
          prediction: prediction, began: request.began, answered: answered, settled: clock))
      for known in sharing.settle(prediction, began: request.began, answered: answered) {
        #expect(verdicts[known.prediction.predictedTokens] == nil)
        verdicts[known.prediction.predictedTokens] = known.isShared
      }
    }
    #expect(open.isEmpty)
    #expect(verdicts.count == visits.count)
    for visit in visits {
      #expect(verdicts[visit.began] == visits.contains { $0.isNeighbour(of: visit) })
    }
    #expect(Set(verdicts.values).count == 2)
  }
}
