package import KVIndexer

/// Names one user of one application.
package struct SessionID: Hashable, Sendable {
  package let number: Int
}

/// One turn of a conversation, ready to be sent to an engine.
package struct ChatRequest: Sendable, Equatable {
  package var session: SessionID
  /// Position in its conversation, from 0.
  package var turn: Int
  /// The system prompt, all earlier turns with their answers, and the user's new message.
  package var tokens: [TokenID]
  /// Where each message ends in `tokens`: the system prompt, then the user's and the engine's in
  /// turn; the last one is the user's.
  package var messageEnds: [Int]
  package var outputTokensMax: Int
}

/// Endless multi-turn chats of many users on a few shared system prompts, as token ids.
///
/// Prompts grow as in a real chat: the next turn is the last prompt, the answer to it, and a new
/// message. Hence a session waits for its answer: `nextRequest()` never picks a session whose last
/// request has not been answered by `answer(_:to:)`. The same seed and the same answers give the
/// same requests.
package struct ChatWorkload: Sendable {
  private struct Session {
    var tokens: [TokenID] = []
    var messageEnds: [Int] = []
    var turn = 0
    var turnsLeft = 0
    var isWaiting = false

    mutating func add(_ message: [TokenID]) {
      tokens += message
      messageEnds.append(tokens.count)
    }
  }

  package let parameters: ChatWorkloadParameters
  private var random: SplitMix64
  private var systemPrompts: [[TokenID]] = []
  private let promptPopularity: ZipfDistribution
  private let userPopularity: ZipfDistribution
  private var sessions: [Session]
  private var waitingCount = 0

  /// Draws the system prompts; no conversation has begun yet.
  ///
  /// - Throws: `ChatWorkloadError` when no conversation could have these lengths.
  package init(
    _ parameters: ChatWorkloadParameters, seed: UInt64
  ) throws(ChatWorkloadError) {
    try parameters.validate()
    self.parameters = parameters
    random = SplitMix64(seed: seed)
    promptPopularity = ZipfDistribution(
      count: parameters.systemPromptCount, exponent: parameters.popularityExponent)
    userPopularity = ZipfDistribution(
      count: parameters.usersPerSystemPrompt, exponent: parameters.popularityExponent)
    sessions = Array(
      repeating: Session(), count: parameters.systemPromptCount * parameters.usersPerSystemPrompt)
    for _ in 0..<parameters.systemPromptCount {
      systemPrompts.append(drawTokens(parameters.systemPromptTokens))
    }
  }

  /// The next turn of some session; nil while every session waits for an answer.
  package mutating func nextRequest() -> ChatRequest? {
    guard waitingCount < sessions.count else { return nil }
    let index = drawIdleSession()
    let outputTokens = random.inside(parameters.outputTokens)
    let message = drawTokens(parameters.userTokens)
    let length = sessions[index].tokens.count + message.count + outputTokens
    if sessions[index].turnsLeft == 0 || length > parameters.sequenceTokensMax {
      startConversation(index)
    }
    sessions[index].add(message)
    sessions[index].isWaiting = true
    waitingCount += 1
    return ChatRequest(
      session: SessionID(number: index), turn: sessions[index].turn,
      tokens: sessions[index].tokens, messageEnds: sessions[index].messageEnds,
      outputTokensMax: outputTokens)
  }

  /// Adds an engine's answer to the conversation, so that the session can go on.
  package mutating func answer(_ output: [TokenID], to session: SessionID) {
    precondition(sessions[session.number].isWaiting, "session \(session.number) asked nothing")
    sessions[session.number].add(output)
    sessions[session.number].turn += 1
    sessions[session.number].turnsLeft -= 1
    sessions[session.number].isWaiting = false
    waitingCount -= 1
  }

  /// Picks a session by popularity, or the next one after it that does not wait.
  private mutating func drawIdleSession() -> Int {
    let prompt = promptPopularity.draw(from: &random)
    let user = userPopularity.draw(from: &random)
    var index = prompt * parameters.usersPerSystemPrompt + user
    while sessions[index].isWaiting { index = (index + 1) % sessions.count }
    return index
  }

  private mutating func startConversation(_ index: Int) {
    sessions[index].tokens = []
    sessions[index].messageEnds = []
    sessions[index].add(systemPrompts[index / parameters.usersPerSystemPrompt])
    sessions[index].turn = 0
    sessions[index].turnsLeft = random.inside(parameters.turns)
  }

  private mutating func drawTokens(_ count: ClosedRange<Int>) -> [TokenID] {
    (0..<random.inside(count)).map { _ in TokenID(random.below(parameters.vocabularySize)) }
  }
}
