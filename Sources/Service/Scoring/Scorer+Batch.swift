import Tokenize

extension Scorer {
  /// Gathers the answers of a batch, which come in any order and on any thread.
  private final class Gathering: @unchecked Sendable {
    private let lock = Lock()
    private var results: [Result<ScoreAnswer, HTTPError>?]
    private var missing: Int
    private let completion: @Sendable ([Result<ScoreAnswer, HTTPError>]) -> Void

    init(
      count: Int, completion: @escaping @Sendable ([Result<ScoreAnswer, HTTPError>]) -> Void
    ) {
      results = Array(repeating: nil, count: count)
      missing = count
      self.completion = completion
    }

    func put(_ result: Result<ScoreAnswer, HTTPError>, at index: Int) {
      let all = lock.withLock { () -> [Result<ScoreAnswer, HTTPError>]? in
        results[index] = result
        missing -= 1
        return missing == 0 ? results.compactMap { $0 } : nil
      }
      if let all { completion(all) }
    }
  }

  /// Scores several requests, each as if it had come alone, with one deadline for all.
  ///
  /// - Parameters:
  ///   - requests: What is no request stands in its place with the reason.
  ///   - completion: Called once, with a result for each request, in their order.
  func score(
    _ requests: [Result<ScoreRequest, HTTPError>], start: UInt64, deadline: UInt64,
    completion: @escaping @Sendable ([Result<ScoreAnswer, HTTPError>]) -> Void
  ) {
    guard !requests.isEmpty else { return completion([]) }
    let gathering = Gathering(count: requests.count, completion: completion)
    for (index, request) in requests.enumerated() {
      switch request {
      case .failure(let error):
        reject()
        gathering.put(.failure(error), at: index)
      case .success(let request):
        let own = request.deadlineMilliseconds.map { self.deadline($0, from: start) }
        score(request, start: start, deadline: min(own ?? deadline, deadline)) {
          gathering.put($0, at: index)
        }
      }
    }
  }
}
