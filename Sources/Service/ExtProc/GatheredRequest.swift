/// What has come of a request.
struct GatheredRequest {
  /// Memory that a `content-length` gets in advance, at most: it may promise anything.
  private static let expectedBytesMax = 1 << 20

  private(set) var headers: [(name: String, value: String)] = []
  private(set) var body: [UInt8] = []
  var subset: [String]?
  /// Made here, because the client sent none.
  private(set) var newID: String?
  /// There is a body, even if it is empty.
  private(set) var hasBody = false
  var hasTrailers = false
  /// Bytes that are counted in the budget.
  private var heldBytes = 0
  private var expectedBytes = 0

  /// Takes the headers, and adds an identifier where there is none.
  mutating func take(_ block: HeaderBlock, endsStream: Bool) throws(ProtobufError) {
    var block = block
    headers.reserveCapacity(24)
    var hasID = false
    hasBody = !endsStream
    while let (name, value) = try block.next() {
      if name.equals("content-length") { expectedBytes = Self.number(value) }
      if name.equals("x-request-id"), !value.isEmpty { hasID = true }
      headers.append(
        (
          name: String(decoding: name, as: UTF8.self),
          value: String(decoding: value, as: UTF8.self)
        ))
    }
    guard !hasID else { return }
    let id = RequestID.random()
    newID = id
    headers.removeAll { $0.name == GatewayHeader.requestID }
    headers.append((name: GatewayHeader.requestID, value: id))
  }

  /// Why a body is not taken.
  enum Excess {
    case body
    case allBodies
  }

  /// Appends a piece of the body; returns why there is no room for it.
  mutating func append(
    _ piece: UnsafeRawBufferPointer, _ context: ExternalProcessorContext
  ) -> Excess? {
    guard !piece.isEmpty else { return nil }
    guard body.count + piece.count <= context.limits.bodyBytesMax else { return .body }
    guard context.bodies.take(piece.count) else { return .allBodies }
    heldBytes += piece.count
    if body.isEmpty, piece.count < expectedBytes {
      body.reserveCapacity(min(expectedBytes, context.limits.bodyBytesMax, Self.expectedBytesMax))
    }
    body.append(contentsOf: piece)
    return nil
  }

  /// Lets go of everything.
  mutating func discard(_ budget: BodyBudget) {
    budget.giveBack(heldBytes)
    heldBytes = 0
    headers = []
    body = []
    subset = nil
  }

  /// A number in decimal; 0 for what is none.
  private static func number(_ text: UnsafeRawBufferPointer) -> Int {
    Int(String(decoding: text, as: UTF8.self)) ?? 0
  }
}
