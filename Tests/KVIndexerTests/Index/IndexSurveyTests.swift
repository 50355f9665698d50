import Simulation
import Testing

@testable import KVIndexer

/// What a walk over the index says, against sets of keys.
@Suite struct IndexSurveyTests {
  @Test(arguments: TestSeeds.upTo(30))
  func `blocks and shared blocks equal a dictionary's on random streams`(seed: UInt64) {
    var stream = RandomIndex(seed: seed, laneCount: [2, 6, 40][Int(seed % 3)])
    for step in 0..<300 {
      stream.step()
      guard step % 60 == 59 else { continue }
      stream.index.checkInvariants()
      for namespace in [nil, NamespaceID(1), NamespaceID(2)] {
        let survey = Self.survey(stream, namespace, work: 1 + Int(seed) * 5)
        for lane in stream.lanes.indices {
          let totals = lane < survey.lanes.count ? survey.lanes[lane] : .init()
          #expect(totals.blocks == stream.blocks(lane, in: namespace))
          #expect(totals.sharedBlocks == stream.shared(lane, in: namespace))
        }
        for number in 1..<survey.namespaces.count {
          let distinct = stream.distinctBlocks(in: NamespaceID(UInt16(number)))
          #expect(survey.namespaces[number].blocks == distinct)
        }
      }
    }
  }

  private static func survey(
    _ stream: borrowing RandomIndex, _ namespace: NamespaceID?, work: Int
  ) -> IndexSurvey {
    var survey = IndexSurvey(namespace: namespace)
    while survey.next != nil { stream.index.survey(&survey, roles: stream.roles, work: work) }
    return survey
  }

  @Test func `blocks are as old as their run`() {
    var index = PrefixIndex(byteBudget: 1 << 20)
    let lane = index.addLane()
    var scope = HashScope()
    let roles = LaneRoles([LaneRole(endpoint: 0, isMain: true)])
    for (tenths, first) in [(100, 1), (160, 11)] as [(UInt32, UInt64)] {
      index.advance(to: CoarseTime(tenths: tenths))
      let keys = (first..<first + 10).map { $0 }
      index.store(
        lane, scope: &scope, parent: .root(BlockKey(0)), keys: keys,
        hashes: keys.map { EngineHash($0) }, count: 10)
    }
    index.advance(to: CoarseTime(tenths: 200))
    var survey = IndexSurvey()
    index.survey(&survey, roles: roles, work: 100)
    #expect(survey.next == nil)
    #expect(survey.lanes[0].ageTenths == 10 * 100 + 10 * 40)
    #expect(survey.lanes[0].oldest == CoarseTime(tenths: 100))
  }
}
