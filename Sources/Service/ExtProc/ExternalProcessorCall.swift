/// Binds a stream's state machine to its gRPC call and to the director.
///
/// Everything runs on the thread that serves the call; decisions from other threads are handed
/// over to it.
final class ExternalProcessorCall: GRPCStreamHandler, @unchecked Sendable {
  private struct Output: ExternalProcessorOutput {
    let call: GRPCCall

    func send(_ message: UnsafeRawBufferPointer) { call.send(message) }
    func finish(_ status: GRPCStatus) { call.finish(status) }
  }

  private let call: GRPCCall
  private let director: any RequestDirector
  private let decisionNanoseconds: UInt64
  private var stream: ExternalProcessorStream
  private var isInStream = false
  /// Spent on the response so far.
  private var responseNanoseconds: UInt64 = 0
  /// The call was lost while the stream was sending.
  private var isLost = false

  init(_ call: GRPCCall, _ director: any RequestDirector, _ context: ExternalProcessorContext) {
    self.call = call
    self.director = director
    decisionNanoseconds = context.limits.decisionTimeout.wholeNanoseconds
    stream = ExternalProcessorStream(context, now: MonotonicClock.nowNanoseconds())
  }

  // MARK: GRPCStreamHandler

  func onMessage(_ message: UnsafeRawBufferPointer) {
    let now = MonotonicClock.nowNanoseconds()
    let phase = stream.phase
    guard let request = run({ $0.receive(message, now: now, $1) }) else {
      if phase == .forwarded || phase == .responding { noteResponse(since: now) }
      return
    }
    director.direct(request) { direction in
      self.call.perform { self.decided(direction) }
    }
    if stream.phase == .deciding { call.setReminder(atNanoseconds: now + decisionNanoseconds) }
  }

  func onHalfClose() {
    let now = MonotonicClock.nowNanoseconds()
    run { $0.gatewayFinished(now: now, $1) }
  }

  func onReminder() {
    let now = MonotonicClock.nowNanoseconds()
    run { $0.decisionIsLate(now: now, $1) }
  }

  func onCancel() {
    guard !isInStream else {
      isLost = true
      return
    }
    stream.cancelled(now: MonotonicClock.nowNanoseconds())
  }

  /// Counts the time of a response when it is over.
  private func noteResponse(since start: UInt64) {
    responseNanoseconds += MonotonicClock.nowNanoseconds() - start
    guard stream.phase == .over else { return }
    stream.context.metrics.responseSeconds.observe(Double(responseNanoseconds) / 1e9)
  }

  // MARK: The stream

  private func decided(_ direction: Direction) {
    call.setReminder(atNanoseconds: nil)
    let now = MonotonicClock.nowNanoseconds()
    run { $0.decided(direction, now: now, $1) }
  }

  /// Gives the stream an input.
  ///
  /// What it sends may be one byte too many for a gateway that does not read, and the call is lost
  /// then and there: that is its next input.
  @discardableResult
  private func run<Result>(_ input: (inout ExternalProcessorStream, Output) -> Result) -> Result {
    isInStream = true
    let result = input(&stream, Output(call: call))
    isInStream = false
    if isLost { stream.cancelled(now: MonotonicClock.nowNanoseconds()) }
    return result
  }
}
