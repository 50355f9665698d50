/// The headers that picker, gateway and clients have agreed on.
package enum GatewayHeader {
  /// Names the endpoint that a request goes to; also a key of the gateway's metadata.
  package static let destination = "x-gateway-destination-endpoint"
  /// Every candidate's score, in the gateway's metadata only.
  package static let scores = "x-gateway-destination-endpoint-scores"
  /// Why a request was refused.
  package static let droppedReason = "x-llm-d-request-dropped-reason"
  /// Shows on a response that a picker saw it.
  package static let seenResponse = "x-went-into-resp-headers"
  package static let requestID = "x-request-id"
}
