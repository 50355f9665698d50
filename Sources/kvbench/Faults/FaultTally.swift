import Tokenize

/// The runs of one fault, added up.
struct FaultTally {
  let fault: Fault
  private(set) var runs = 0
  private(set) var wrong = 0
  private(set) var exactAnswers = 0
  private(set) var oldestExact = 0.0
  private(set) var endedExact = 0
  /// How often each honest state was the end.
  private(set) var endedHonest: [String: Int] = [:]
  /// What went wrong, in words.
  private(set) var failures: [String] = []
  private(set) var millisecondsToExact: [Double] = []

  init(_ fault: Fault) { self.fault = fault }

  mutating func add(_ result: Result<FaultRecord, any Error>, seed: UInt64) {
    runs += 1
    switch result {
    case .success(let record): add(record, seed)
    case .failure(let error): fail("\(error)", seed: seed)
    }
  }

  private mutating func add(_ record: FaultRecord, _ seed: UInt64) {
    wrong += record.wrong
    exactAnswers += record.exactAnswers
    oldestExact = max(oldestExact, record.oldestExact)
    failures += record.failures
    if let time = record.millisecondsToExact { millisecondsToExact.append(time) }
    let isPromised: Bool
    switch record.end {
    case .exact:
      endedExact += 1
      isPromised = fault.end.allowsExact
    case .honest(let state):
      endedHonest[state, default: 0] += 1
      isPromised = fault.end != .exact
    case .unsettled: isPromised = false
    }
    if !isPromised { fail("ended \(record.end), which is not promised", seed: seed) }
  }

  /// Takes note of a run that was not what it has to be.
  mutating func fail(_ reason: String, seed: UInt64) {
    failures.append("\(fault.name), seed \(seed): \(reason)")
  }

  /// The ends that were not exact, the most frequent first.
  var honestText: String {
    let states = endedHonest.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return states.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }

  var timeToExact: (median: Double, p99: Double)? {
    guard !millisecondsToExact.isEmpty else { return nil }
    let samples = Samples(millisecondsToExact)
    return (samples.median, samples.p99)
  }

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("fault", fault.name)
      json.field("summary", fault.summary)
      json.field("runs", runs)
      json.field("wrong_while_exact", wrong)
      json.field("exact_answers", exactAnswers)
      json.field("ended_exact", endedExact)
      json.field("ended_honest") { json in
        json.object { json in
          for (state, count) in endedHonest.sorted(by: { $0.key < $1.key }) {
            json.field(state, count)
          }
        }
      }
      if let timeToExact {
        json.field("milliseconds_to_exact") { json in
          json.object { json in
            json.field("p50", timeToExact.median)
            json.field("p99", timeToExact.p99)
          }
        }
      }
      json.field("oldest_exact_answer_milliseconds", oldestExact)
      json.field("failures") { json in
        json.array { json in for failure in failures { json.string(failure) } }
      }
    }
  }
}
