/// A response on its way back to the client; every piece of it is answered at once.
extension ExternalProcessorStream {
  mutating func beginResponse(
    _ block: HeaderBlock, endsStream: Bool, now: UInt64, _ output: some ExternalProcessorOutput
  ) throws(ProtobufError) {
    switch phase {
    case .responding, .over: return noteUnexpected()
    // The gateway answers by itself before the request went on.
    case .beginning, .gathering, .deciding:
      settle(now: now)
      request.discard(context.bodies)
    case .forwarded: break
    }
    phase = .responding
    response = try PassingResponse(block, rewrite: route?.modelRewrite)
    route?.exchange.responseBegan(status: response.status)
    var mutation = HeaderMutation(set: route?.responseHeaders ?? [])
    mutation.set.append(HeaderMutation.Header(name: GatewayHeader.seenResponse, value: "true"))
    // Names of models differ in length, and the length of the body with them.
    if response.isRewritten, !endsStream { mutation.remove = ["content-length"] }
    output.send(ProcessingResponse.Headers(half: .response, mutation: mutation))
    if endsStream { finishResponse(now: now, output) }
  }

  mutating func pass(
    _ piece: UnsafeRawBufferPointer, endsStream: Bool, now: UInt64,
    _ output: some ExternalProcessorOutput
  ) {
    guard phase == .responding else { return noteUnexpected() }
    context.metrics.responseBytes.add(piece.count)
    if !piece.isEmpty, let exchange = route?.exchange {
      if response.bodyBytes == 0 {
        exchange.responseBodyBegan()
      } else {
        exchange.responseBodyContinued()
      }
    }
    if let changed = response.take(piece, isLast: endsStream) {
      changed.withUnsafeBytes { output.send(.response, body: $0, endsStream: endsStream) }
    } else {
      output.send(.response, body: piece, endsStream: endsStream)
    }
    if endsStream { finishResponse(now: now, output) }
  }

  mutating func takeResponseTrailers(now: UInt64, _ output: some ExternalProcessorOutput) {
    guard phase == .responding else { return noteUnexpected() }
    response.finish().withUnsafeBytes { output.send(.response, body: $0, endsStream: false) }
    output.send(ProcessingResponse.Trailers(half: .response))
    finishResponse(now: now, output)
  }

  private mutating func finishResponse(now: UInt64, _ output: some ExternalProcessorOutput) {
    end(route == nil ? .abandoned : .completed, .completed(response.summary), now: now, output)
  }
}
