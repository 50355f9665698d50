internal import EPPScorer

/// One request on its way through the gateway and back: what Envoy says, and what it is answered.
///
/// It does no input and output of its own: it takes messages and the time, and hands what goes out
/// to an `ExternalProcessorOutput`. A request's messages come in this order, and each half is
/// answered in this order:
///
///     request_headers, request_body …, request_trailers?     answered once all of it is there
///     response_headers, response_body …, response_trailers?  answered piece by piece
struct ExternalProcessorStream {
  /// How far the exchange has come.
  enum Phase {
    /// Nothing has come. May become any other.
    case beginning
    /// The request's body is arriving. May become `deciding`, `responding`, `over`.
    case gathering
    /// The director has the request. May become `forwarded`, `responding`, `over`.
    case deciding
    /// The decision is there, and the request has gone on. May become `responding`, `over`.
    case forwarded
    /// The response's headers came, from an endpoint or from the gateway itself. May become `over`.
    case responding
    /// Nothing more is answered.
    case over
  }

  let context: ExternalProcessorContext
  private let beganAt: UInt64
  var phase = Phase.beginning
  var request = GatheredRequest()
  /// Where the request went; without its body.
  var route: Route?
  var response = PassingResponse()
  /// Whether the gateway shows the response's body; without it the headers are all there is.
  var seesResponseBody = true
  private var completeAt: UInt64 = 0
  private var hasGatewayFinished = false

  init(_ context: ExternalProcessorContext, now: UInt64) {
    self.context = context
    beganAt = now
    context.metrics.streamBegan()
  }

  // MARK: Inputs

  /// Takes a message.
  ///
  /// - Returns: A request that is complete: the director's decision on it is to be handed to
  ///   `decided`.
  mutating func receive(
    _ message: UnsafeRawBufferPointer, now: UInt64, _ output: some ExternalProcessorOutput
  ) -> GatewayRequest? {
    guard phase != .over else {
      noteUnexpected()
      return nil
    }
    do throws(ProtobufError) {
      return try take(try ProcessingRequest(parsing: message), now: now, output)
    } catch {
      fail(.malformed, GRPCStatus(.invalidArgument, "\(error)"), now: now, output)
      return nil
    }
  }

  /// Takes the director's decision.
  mutating func decided(
    _ direction: Direction, now: UInt64, _ output: some ExternalProcessorOutput
  ) {
    guard phase == .deciding else {
      context.metrics.anomalies[.lateDecision].add()
      if case .route(let route) = direction { route.exchange.ended(.aborted) }
      return
    }
    settle(now: now)
    switch direction {
    case .refuse(let refusal): refuse(refusal, now: now, output)
    case .route(let route):
      forward(along: route, output)
      if !route.readsResponse {
        end(.unobserved, .unobserved, now: now, output)
      } else if hasGatewayFinished {
        end(.aborted, .aborted, now: now, output)
      }
    }
  }

  /// The director has had its time.
  mutating func decisionIsLate(now: UInt64, _ output: some ExternalProcessorOutput) {
    guard phase == .deciding else { return }
    settle(now: now)
    context.metrics.anomalies[.decisionTimeout].add()
    refuse(
      Refusal(.serviceUnavailable, "no endpoint was found for the request in time"), now: now,
      output)
  }

  /// The gateway sends no more.
  mutating func gatewayFinished(now: UInt64, _ output: some ExternalProcessorOutput) {
    switch phase {
    case .deciding: hasGatewayFinished = true
    case .over: break
    default:
      let (end, exchangeEnd) = endByGateway
      self.end(end, exchangeEnd, now: now, output)
    }
  }

  /// The stream is lost: the client went away, or the gateway gave up.
  mutating func cancelled(now: UInt64) {
    guard phase != .over else { return }
    let (end, exchangeEnd) = endByGateway
    leave(end, .cancelled, exchangeEnd, now: now)
  }

  /// What it means that the gateway ends the stream now.
  private var endByGateway: (ExtProcMetrics.End, ExchangeEnd) {
    guard route != nil else { return (.abandoned, .aborted) }
    return phase == .responding && !seesResponseBody
      ? (.unobserved, .unobserved) : (.aborted, .aborted)
  }

  // MARK: The request

  /// Notes that the request is all there.
  mutating func complete(now: UInt64) -> GatewayRequest {
    phase = .deciding
    completeAt = now
    context.metrics.decisionBegan()
    return GatewayRequest(
      headers: RequestHeaders(request.headers), body: request.body, subset: request.subset,
      receivedNanoseconds: now)
  }

  mutating func refuse(
    _ refusal: Refusal, status: Int? = nil, now: UInt64, _ output: some ExternalProcessorOutput
  ) {
    var headers = HeaderMutation(set: [
      HeaderMutation.Header(
        name: "content-type", value: "text/plain")
    ])
    if let reason = refusal.droppedReason {
      headers.set.append(HeaderMutation.Header(name: GatewayHeader.droppedReason, value: reason))
    }
    output.send(
      ProcessingResponse.Immediate(
        status: status ?? refusal.code.httpStatus, headers: headers, body: refusal.body,
        details: "epp_\(refusal.droppedReason ?? refusal.code.rawValue)"))
    context.metrics.immediateResponses[refusal.code].add()
    end(.refused, .aborted, now: now, output)
  }

  // MARK: The end

  /// Ends the stream in order.
  mutating func end(
    _ end: ExtProcMetrics.End, _ exchangeEnd: ExchangeEnd, now: UInt64,
    _ output: some ExternalProcessorOutput
  ) {
    output.finish(.ok)
    leave(end, .ok, exchangeEnd, now: now)
  }

  /// Ends the stream with an error, on which the gateway fails the request or lets it pass.
  mutating func fail(
    _ end: ExtProcMetrics.End, _ status: GRPCStatus, now: UInt64,
    _ output: some ExternalProcessorOutput
  ) {
    output.finish(status)
    leave(end, status.code, .aborted, now: now)
  }

  private mutating func leave(
    _ end: ExtProcMetrics.End, _ code: GRPCCode, _ exchangeEnd: ExchangeEnd, now: UInt64
  ) {
    settle(now: now)
    phase = .over
    request.discard(context.bodies)
    let exchange = route?.exchange
    route = nil
    context.metrics.streamEnded(end, code, nanoseconds: now - beganAt)
    exchange?.ended(exchangeEnd)
  }

  /// Waits for no decision any more.
  mutating func settle(now: UInt64) {
    guard phase == .deciding else { return }
    phase = .forwarded
    context.metrics.decisionEnded(nanoseconds: now - completeAt)
  }
}
