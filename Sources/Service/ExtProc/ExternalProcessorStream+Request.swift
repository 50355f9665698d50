/// A request on its way to an endpoint.
extension ExternalProcessorStream {
  mutating func take(
    _ message: ProcessingRequest, now: UInt64, _ output: some ExternalProcessorOutput
  ) throws(ProtobufError) -> GatewayRequest? {
    if let modes = message.bodyModes, let fault = Self.fault(of: modes) {
      fail(.misconfigured, GRPCStatus(.failedPrecondition, fault), now: now, output)
      return nil
    }
    if let modes = message.bodyModes {
      seesResponseBody = modes.response != ProcessingRequest.BodyModes.none
    }
    if context.readsSubset, let subset = message.subset { request.subset = subset }
    switch message.part {
    case .requestHeaders(let block, let endsStream):
      return try begin(block, endsStream: endsStream, now: now)
    case .requestBody(let piece, let endsStream):
      return gather(piece, endsStream: endsStream, now: now, output)
    case .requestTrailers: return takeRequestTrailers(now: now, output)
    case .responseHeaders(let block, let endsStream):
      try beginResponse(block, endsStream: endsStream, now: now, output)
    case .responseBody(let piece, let endsStream):
      pass(piece, endsStream: endsStream, now: now, output)
    case .responseTrailers: takeResponseTrailers(now: now, output)
    case nil: noteUnexpected()
    }
    return nil
  }

  /// What is wrong with the way in which the gateway sends bodies.
  ///
  /// In any other mode it waits for answers that never come, or rejects the ones that do.
  private static func fault(of modes: ProcessingRequest.BodyModes) -> String? {
    typealias Modes = ProcessingRequest.BodyModes
    guard modes.request == Modes.fullDuplexStreamed else {
      return "processing_mode.request_body_mode has to be FULL_DUPLEX_STREAMED"
    }
    guard modes.response == Modes.fullDuplexStreamed || modes.response == Modes.none else {
      return "processing_mode.response_body_mode has to be FULL_DUPLEX_STREAMED or NONE"
    }
    return nil
  }

  func noteUnexpected() { context.metrics.anomalies[.unexpectedMessage].add() }

  private mutating func begin(
    _ block: HeaderBlock, endsStream: Bool, now: UInt64
  ) throws(ProtobufError) -> GatewayRequest? {
    guard phase == .beginning else {
      noteUnexpected()
      return nil
    }
    try request.take(block, endsStream: endsStream)
    guard !endsStream else { return complete(now: now) }
    phase = .gathering
    return nil
  }

  private mutating func gather(
    _ piece: UnsafeRawBufferPointer, endsStream: Bool, now: UInt64,
    _ output: some ExternalProcessorOutput
  ) -> GatewayRequest? {
    guard phase == .gathering else {
      // Some versions of Envoy end a large body twice; an answer to that would fail the request.
      let isDuplicate = phase != .beginning && piece.isEmpty && endsStream
      context.metrics.anomalies[isDuplicate ? .duplicateEnd : .unexpectedMessage].add()
      return nil
    }
    context.metrics.requestBytes.add(piece.count)
    switch request.append(piece, context) {
    case nil: break
    case .body:
      context.metrics.anomalies[.bodyTooLarge].add()
      let limit = context.limits.bodyBytesMax
      let refusal = Refusal(.badRequest, "the request's body is larger than \(limit) bytes")
      refuse(refusal, status: 413, now: now, output)
      return nil
    case .allBodies:
      context.metrics.anomalies[.noRoomForBody].add()
      refuse(
        Refusal(.serviceUnavailable, "too many requests wait for an endpoint"), now: now, output)
      return nil
    }
    return endsStream ? complete(now: now) : nil
  }

  private mutating func takeRequestTrailers(
    now: UInt64, _ output: some ExternalProcessorOutput
  ) -> GatewayRequest? {
    guard !request.hasTrailers, phase != .beginning else {
      noteUnexpected()
      return nil
    }
    request.hasTrailers = true
    switch phase {
    case .gathering: return complete(now: now)
    case .forwarded, .responding: output.send(ProcessingResponse.Trailers(half: .request))
    case .beginning, .deciding, .over: break
    }
    return nil
  }

  /// Sends the request on: headers, then the body, then the trailers.
  mutating func forward(along route: Route, _ output: some ExternalProcessorOutput) {
    output.send(
      ProcessingResponse.Headers(
        half: .request, mutation: mutation(for: route), clearsRouteCache: true,
        metadata: DestinationMetadata(destination: route.destination, scores: route.scores)))
    if request.hasBody {
      (route.body ?? request.body).withUnsafeBytes { body in
        output.send(.request, body: body, endsStream: !request.hasTrailers)
      }
    }
    if request.hasTrailers { output.send(ProcessingResponse.Trailers(half: .request)) }
    request.discard(context.bodies)
    self.route = route
    self.route?.body = nil
  }

  /// The client's headers are left as they are, apart from those that have to change.
  private func mutation(for route: Route) -> HeaderMutation {
    var mutation = HeaderMutation(set: route.setHeaders, remove: route.removeHeaders)
    func set(_ name: String, _ value: String) {
      mutation.set.append(HeaderMutation.Header(name: name, value: value))
    }
    if let id = request.newID { set(GatewayHeader.requestID, id) }
    if let body = route.body, request.hasBody {
      // A gateway that keeps the client's length would cut the new body, or wait for more of it.
      if request.hasTrailers {
        mutation.remove.append("content-length")
      } else {
        set("content-length", "\(body.count)")
      }
    }
    // The last value counts: no other may take the place of the decision.
    set(GatewayHeader.destination, route.destination)
    return mutation
  }
}
