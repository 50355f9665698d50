/// The threads that send the demo's requests.
final class DemoClients: Sendable {
  private let threads: [WorkerThread]

  /// Starts the stage's clients, which end when the traffic is over.
  init(on stage: any DemoStage, _ traffic: DemoTraffic) {
    threads = (0..<stage.clients).map { number in
      WorkerThread(name: "client \(number)") {
        do {
          let client = try stage.client(number, traffic)
          while let request = traffic.next() { try client.send(request) }
        } catch {
          traffic.fail(error)
        }
      }
    }
  }

  /// Waits until the requests under way have finished.
  func join() {
    for thread in threads { thread.join() }
  }
}
