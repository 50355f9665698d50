/// The body of a request that changes what is known of a source: why it is made.
public struct SourceChangeRequest: Equatable, Sendable {
  /// For the log; nil when nobody said.
  public var reason: String?

  enum Field: String, CaseIterable { case reason }

  /// Reads a body; an empty one says nothing.
  ///
  /// - Throws: `RequestBodyError` for anything but one object whose only field is `reason`.
  public init(parsing body: [UInt8]) throws(RequestBodyError) {
    guard !body.isEmpty else { return }
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      var request = SourceChangeRequest(reason: nil)
      var reader = try RequestBodyReader<Field>(bytes)
      while let field = try reader.nextField() {
        switch field {
        case .reason: request.reason = try reader.string()
        }
      }
      return request
    }
  }

  private init(reason: String?) { self.reason = reason }
}
