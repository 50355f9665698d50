internal import Tokenize

/// A response that passes: what is read from it, and what is changed in it.
struct PassingResponse {
  private(set) var status = 0
  private(set) var bodyBytes = 0
  private var reader: UsageReader?
  private var rewriter: ModelNameRewriter?

  /// Takes the headers.
  ///
  /// - Parameter rewrite: A model's name to put back.
  init(_ block: HeaderBlock, rewrite: ModelRewrite?) throws(ProtobufError) {
    var block = block
    var contentType: String?
    var isEncoded = false
    while let (name, value) = try block.next() {
      switch name.count {
      case 7 where name.equals(":status"):
        status = Int(String(decoding: value, as: UTF8.self)) ?? 0
      case 12 where name.equals("content-type"):
        contentType = String(decoding: value, as: UTF8.self)
      case 16 where name.equals("content-encoding"):
        isEncoded = !value.isEmpty && !value.equals("identity")
      default: break
      }
    }
    // What is compressed can't be read in passing.
    guard !isEncoded, let format = ResponseFormat(contentType: contentType) else { return }
    reader = UsageReader(format)
    if let rewrite, rewrite.client != rewrite.target, !rewrite.target.isEmpty {
      rewriter = ModelNameRewriter(format, target: rewrite.target, client: rewrite.client)
    }
  }

  init() {}

  /// Whether the body may change in length.
  var isRewritten: Bool { rewriter != nil }

  var summary: ResponseSummary { ResponseSummary(usage: reader?.usage, bodyBytes: bodyBytes) }

  /// Takes a piece of the body.
  ///
  /// - Returns: What goes on in its place; nil when that is the piece itself.
  mutating func take(_ piece: UnsafeRawBufferPointer, isLast: Bool) -> [UInt8]? {
    bodyBytes += piece.count
    reader?.read(piece)
    guard rewriter != nil else { return nil }
    let changed = rewriter?.rewrite(piece)
    guard isLast else { return changed }
    let rest = finish()
    return rest.isEmpty ? changed : (changed ?? Array(piece)) + rest
  }

  /// What was held back when there is no more.
  mutating func finish() -> [UInt8] { rewriter?.finish() ?? [] }
}
