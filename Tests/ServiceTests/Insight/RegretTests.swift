import EPPScorer
import Testing

@testable import Service

@Suite struct RegretTests {
  private typealias Sample = SampleDecision

  @Test func `the pick's regret is what the best candidate would have had more`() {
    let candidates = [
      Sample.candidate("a", precise: 48), Sample.candidate("b", precise: 96),
      Sample.candidate("c", precise: 0),
    ]
    #expect(Sample.decision(candidates, picked: 0, delivered: 48).regretTokens == 48)
    #expect(Sample.decision(candidates, picked: 1, delivered: 96).regretTokens == 0)
    // What was delivered counts, not what was predicted.
    #expect(Sample.decision(candidates, picked: 0, delivered: 112).regretTokens == 0)
    #expect(Sample.decision(candidates, picked: 1, delivered: 16).regretTokens == 32)
    #expect(Sample.decision(candidates, picked: 0).regretTokens == nil)
  }

  @Test func `nothing is regretted where nothing exact is known of the others`() {
    let unknown = [
      Sample.candidate("a", precise: nil, approximate: 64),
      Sample.candidate("b", precise: nil, approximate: 128),
    ]
    #expect(Sample.decision(unknown, picked: 0, delivered: 64).regretTokens == nil)
    let partly = unknown + [Sample.candidate("c", precise: 80)]
    #expect(Sample.decision(partly, picked: 0, delivered: 64).regretTokens == 16)
    #expect(Sample.decision([unknown[0]], picked: 0, delivered: 64).regretTokens == 0)
  }

  @Test func `each predictor is judged by where it would have sent the request`() {
    let candidates = [
      Sample.candidate("a", precise: 96, approximate: 0),
      Sample.candidate("b", precise: 32, approximate: 128),
    ]
    let decision = Sample.decision(candidates, picked: 0, delivered: 96)
    #expect(
      decision.judgement(of: .precise) == .init(predictedTokens: 96, regretTokens: 0))
    #expect(
      decision.judgement(of: .approximate) == .init(predictedTokens: 0, regretTokens: 64))
    let other = Sample.decision(candidates, picked: 1, delivered: 32)
    #expect(other.judgement(of: .precise) == .init(predictedTokens: 32, regretTokens: 0))
    #expect(other.judgement(of: .approximate) == .init(predictedTokens: 128, regretTokens: 64))
  }

  @Test func `equal ratings are in favour of where the request went`() {
    let candidates = [
      Sample.candidate("a", precise: 96, approximate: 64),
      Sample.candidate("b", precise: 32, approximate: 64),
    ]
    #expect(
      Sample.decision(candidates, picked: 0, delivered: 96).judgement(of: .approximate)?
        .regretTokens == 0)
    #expect(
      Sample.decision(candidates, picked: 1, delivered: 32).judgement(of: .approximate)?
        .regretTokens == 64)
    #expect(Sample.decision(candidates, picked: 1, delivered: 96).best?.candidate.endpoint == "b")
  }

  @Test func `a predictor that knew nothing of the endpoint is not judged`() {
    let candidates = [
      Sample.candidate("a", precise: nil, approximate: 64), Sample.candidate("b", precise: 96),
    ]
    let decision = Sample.decision(candidates, picked: 0, delivered: 64)
    #expect(decision.judgement(of: .precise) == nil)
    #expect(decision.judgement(of: .approximate) == .init(predictedTokens: 64, regretTokens: 32))
    #expect(Sample.decision(candidates, picked: 0).judgement(of: .approximate) == nil)
  }
}

@Suite struct CandidateShortlistTests {
  @Test func `of few candidates all are remembered, the best first`() {
    let shortlist = CandidateShortlist(
      precise: [0, 5, 5], approximate: [0, 0, 1], scores: [1, 2, 2])
    #expect(shortlist.indices(picked: 0) == [2, 1, 0])
    #expect(shortlist.indices(picked: nil) == [2, 1, 0])
  }

  @Test(arguments: 0..<20)
  func `of many those that regret needs are among the remembered`(seed: UInt64) {
    var random = RandomStream(seed: seed)
    let count = 17 + random.below(200)
    let precise = (0..<count).map { _ in random.below(1000) }
    let approximate = (0..<count).map { _ in random.below(1000) }
    let scores = (0..<count).map { _ in
      random.below(4) == 0 ? -Double.infinity : random.fraction()
    }
    let picked = random.below(count)
    let kept = CandidateShortlist(precise: precise, approximate: approximate, scores: scores)
      .indices(picked: picked)
    #expect(kept.count == 16 && Set(kept).count == 16)
    #expect(kept.contains(picked))
    let rest = (0..<count).filter { !kept.contains($0) }
    let others = precise.indices.filter { $0 != picked }
    let keptOthers = kept.filter { $0 != picked }
    #expect(keptOthers.map { precise[$0] }.max() == others.map { precise[$0] }.max())
    #expect(kept.map { approximate[$0] }.max() == approximate.max())
    // Four places at most are not the best scores'.
    let best = scores.sorted(by: >)[11]
    #expect(rest.allSatisfy { scores[$0] <= best })
    let order = kept.map { scores[$0] }
    #expect(order == order.sorted(by: >))
  }
}
