import Simulation

/// Everything between the demo's clients and its engines.
protocol DemoStage: Sendable {
  var engines: [DemoEngine] { get }
  /// Where the indexer's API answers.
  var indexerURL: String { get }
  /// Clients that send at the same time.
  var clients: Int { get }

  /// What runs, and what will be seen.
  func introduction(_ options: DemoOptions) -> String
  /// Whether requests can be sent whose predictions have to be right.
  func isReady(_ indexer: inout IndexerClient) throws -> Bool
  /// A client for the thread that asks for it.
  func client(_ number: Int, _ traffic: DemoTraffic) throws -> any DemoClient
  /// Commands to try while everything stays up.
  func examples(_ traffic: DemoTraffic) -> String
  /// A failure with the cause that it may have on this stage.
  func explained(_ failure: any Error) -> any Error
  func stop()
}

/// Sends the demo's requests, on one thread, and tells the traffic what came of them.
protocol DemoClient: AnyObject {
  func send(_ request: ChatRequest) throws
}
