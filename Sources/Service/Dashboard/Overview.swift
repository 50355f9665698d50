import Tokenize

/// The state of the fleet as the dashboard shows it, sampled once a second, with the last ten
/// minutes of it.
///
/// A page that is opened gets everything; then, once a second, the new state and the newest points
/// of the past. Nothing waits for a client: one that reads too slowly is cut off and comes again.
final class Overview: @unchecked Sendable {
  /// Pages that are kept up to date at a time.
  static let clientsMax = 64
  private static let sampleNanoseconds: UInt64 = 1_000_000_000
  /// Rates are over as many seconds.
  private static let rateSamples = 5
  /// Samples a point of the past.
  private static let pointSamples = 2
  private static let pointsMax = 300
  /// Points that go with every new state, so that one that gets lost does no harm.
  private static let newestPoints = 3

  /// Clients that were sent away because there were too many.
  let refusals = Counter()
  private let sample: @Sendable () -> FleetSample
  private let indexBytesMax: Int
  private let routes: @Sendable () -> Bool
  private let startedAt = WallClock.seconds()
  private let lock = Lock()
  // Under the lock:
  /// The last ones, oldest first.
  private var samples: [FleetSample] = []
  private var samplesTaken = 0
  private var pointBegan: FleetSample?
  private var points: [OverviewPoint] = []
  private var clients: [HTTPStream] = []

  /// - Parameters:
  ///   - sample: Looks at the fleet.
  ///   - indexBytesMax: Bytes that the index may take.
  ///   - routes: Whether a picker in this process routes requests.
  init(
    sample: @escaping @Sendable () -> FleetSample, indexBytesMax: Int,
    routes: @escaping @Sendable () -> Bool
  ) {
    self.sample = sample
    self.indexBytesMax = indexBytesMax
    self.routes = routes
  }

  var clientCount: Int { lock.withLock { clients.count } }

  /// To be called several times a second, by one thread.
  func tick(now: UInt64) {
    let last = lock.withLock { samples.last?.at }
    if let last, now < last + Self.sampleNanoseconds { return }
    take(sample())
    let streams = lock.withLock { clients }
    guard !streams.isEmpty else { return }
    let event = Self.event(json(points: Self.newestPoints))
    let gone = Set(streams.filter { !$0.write(event) }.map { ObjectIdentifier($0) })
    guard !gone.isEmpty else { return }
    lock.withLock { clients.removeAll { gone.contains(ObjectIdentifier($0)) } }
  }

  private func take(_ sample: FleetSample) {
    lock.withLock {
      samples.append(sample)
      if samples.count > Self.rateSamples + 1 { samples.removeFirst() }
      guard samplesTaken % Self.pointSamples == 0 else {
        samplesTaken += 1
        return
      }
      samplesTaken += 1
      if let began = pointBegan {
        points.append(OverviewPoint(from: began, to: sample))
        if points.count > Self.pointsMax { points.removeFirst() }
      }
      pointBegan = sample
    }
  }

  /// The state as one JSON value, with the whole past.
  func json() -> [UInt8] { json(points: Self.pointsMax) }

  private func json(points count: Int) -> [UInt8] {
    let (samples, points) = lock.withLock { (self.samples, self.points.suffix(count)) }
    let latest = samples.last ?? sample()
    var json = JSONWriter(capacity: 4096 + 128 * latest.endpoints.count + 96 * points.count)
    OverviewState(
      routes: routes(), upSeconds: latest.time - startedAt, indexBytesMax: indexBytesMax,
      earlier: samples.first ?? latest, latest: latest, points: points
    ).write(to: &json)
    return json.bytes
  }

  // MARK: Clients

  /// Keeps a client up to date for as long as it reads.
  ///
  /// - Parameter start: Begins the answer; not called when there are too many clients.
  /// - Returns: Whether there was room.
  func follow(_ start: () -> HTTPStream) -> Bool {
    let first = Self.event(json())
    return lock.withLock {
      // Who has gone is found out with the next state.
      clients.removeAll(where: \.isClosed)
      guard clients.count < Self.clientsMax else {
        refusals.add()
        return false
      }
      let stream = start()
      stream.write(first)
      clients.append(stream)
      return true
    }
  }

  private static func event(_ json: [UInt8]) -> [UInt8] {
    Array("event: overview\ndata: ".utf8) + json + Array("\n\n".utf8)
  }
}
