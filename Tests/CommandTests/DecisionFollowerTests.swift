import Testing

@testable import kvindexer

@Suite struct DecisionFollowerTests {
  private static func decision(_ id: Int, _ status: String = "completed") throws
    -> DecisionsAnswer.Decision
  {
    try ServiceLocation.read(
      DecisionsAnswer.Decision.self, from: Array(DecisionJSON(id, status).text.utf8))
  }

  @Test func `each decision is told once, when it has ended`() throws {
    var follower = DecisionFollower()
    let first = follower.take([try Self.decision(8), try Self.decision(7, "pending")])
    #expect(first.ended.map(\.id) == [8] && first.forgotten == 0)
    #expect(follower.position == 6 && follower.oldestPending == 7)
    let second = follower.take([
      try Self.decision(9), try Self.decision(8), try Self.decision(7),
    ])
    #expect(second.ended.map(\.id) == [7, 9] && second.forgotten == 0)
    #expect(follower.position == 9 && follower.oldestPending == nil)
    #expect(follower.take([]) == DecisionFollower.Update())
  }

  @Test func `what the service forgot is counted, and what was pending then is told`() throws {
    var follower = DecisionFollower()
    _ = follower.take([try Self.decision(1, "pending")])
    let update = follower.take([try Self.decision(5)])
    #expect(update.ended.map(\.id) == [1, 5] && update.forgotten == 3)
    #expect(update.ended[0].isPending)
  }

  @Test func `a service that begins anew is followed from its start`() throws {
    var follower = DecisionFollower()
    _ = follower.take([try Self.decision(5, "pending")])
    #expect(!follower.isRestarted(newest: 5) && follower.isRestarted(newest: 2))
    #expect(follower.isRestarted(newest: nil))
    let update = follower.restart()
    #expect(update.isRestarted && update.ended.map(\.id) == [5])
    #expect(follower.position == 0)
    #expect(follower.take([try Self.decision(1)]).ended.map(\.id) == [1])
  }
}
