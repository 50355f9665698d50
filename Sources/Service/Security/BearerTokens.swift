import COpenSSL

/// The tokens that let a client in, given or from a file that is watched.
///
/// Only digests are kept, and all of them are compared in full: how long it takes says nothing
/// about how much of a token was right.
package final class BearerTokens: @unchecked Sendable {
  private static let charactersMin = 16
  private static let tokensMax = 1024
  private static let fileBytesMax = 1 << 20

  /// How often the file was found changed and could not be used.
  package let rejected: Counter
  private let lock = Lock()
  private var digests: [[UInt8]]
  private var watch: FileWatch?

  /// Takes these tokens.
  ///
  /// - Throws: `SystemError` unless there is one, and each is 16 or more printable ASCII
  ///   characters without spaces.
  package init(_ tokens: [String]) throws(SystemError) {
    rejected = Counter()
    digests = try Self.digests(
      tokens.enumerated().map { (name: "token \($0 + 1)", token: $1) }, "use the tokens")
  }

  /// Reads a file of tokens, one a line, and follows it; lines that start with `#` are comments.
  ///
  /// A file that turns bad later is logged, and the last good tokens stay in force.
  ///
  /// - Parameter rejected: Counts the times that the file turned bad.
  /// - Throws: `SystemError` that names the file and its first fault.
  package init(
    file: String, log: Log, rejected: Counter = Counter()
  ) throws(SystemError) {
    self.rejected = rejected
    digests = []
    // Before the first look, so that no change falls in between.
    watch = try FileWatch(file) { [weak self] in self?.reload(file, log) }
    do throws(SystemError) {
      let first = try Self.read(file)
      lock.withLock { digests = first }
    } catch {
      watch?.stop()
      throw error
    }
  }

  /// Whether the value of an `Authorization` header carries one of the tokens.
  package func allows(authorizationHeader header: String?) -> Bool {
    guard let header else { return false }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
    let digest = Self.digest(String(parts[1].drop { $0 == " " }))
    return lock.withLock { digests }.reduce(false) { isFound, known in
      let isEqual = CRYPTO_memcmp(known, digest, digest.count) == 0
      return isEqual || isFound
    }
  }

  /// Ends the watch of the file.
  package func stop() { watch?.stop() }

  private func reload(_ file: String, _ log: Log) {
    do throws(SystemError) {
      let new = try Self.read(file)
      lock.withLock { digests = new }
    } catch {
      rejected.add()
      log(.warning, "\(error); the last good tokens stay in force")
    }
  }

  private static func read(_ file: String) throws(SystemError) -> [[UInt8]] {
    let text = String(
      decoding: try FileBytes.read(file, atMost: fileBytesMax), as: UTF8.self)
    var tokens: [(name: String, token: String)] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let line = String(line.trimming(\.isWhitespace))
      if line.isEmpty || line.hasPrefix("#") { continue }
      tokens.append(("line \(index + 1)", line))
    }
    return try digests(tokens, "use the tokens of \(file)")
  }

  private static func digests(
    _ tokens: [(name: String, token: String)], _ operation: String
  ) throws(SystemError) -> [[UInt8]] {
    guard !tokens.isEmpty else { throw SystemError(operation, reason: "there are none") }
    guard tokens.count <= tokensMax else {
      throw SystemError(operation, reason: "there are more than \(tokensMax)")
    }
    for (name, token) in tokens {
      guard token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw SystemError(
          operation, reason: "\(name): a token is printable ASCII without spaces")
      }
      guard token.utf8.count >= charactersMin else {
        throw SystemError(
          operation, reason: "\(name): a token has at least \(charactersMin) characters")
      }
    }
    return tokens.map { digest($0.token) }
  }

  private static func digest(_ token: String) -> [UInt8] {
    let bytes = Array(token.utf8)
    return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
      SHA256(bytes, bytes.count, digest.baseAddress)
      count = Int(SHA256_DIGEST_LENGTH)
    }
  }
}

extension BearerTokens {
  /// Whether a request may come in.
  ///
  /// A liveness probe needs no token, nor does the dashboard's page: it shows nothing before it has
  /// asked for one.
  package func allows(_ request: borrowing HTTPRequest) -> Bool {
    ["/healthz", "/"].contains(request.path)
      || allows(authorizationHeader: request.header("Authorization"))
  }
}

extension Substring {
  /// Without the characters at both ends that satisfy `isDropped`.
  fileprivate func trimming(_ isDropped: (Character) -> Bool) -> Substring {
    var text = drop(while: isDropped)
    while let last = text.last, isDropped(last) { text.removeLast() }
    return text
  }
}
