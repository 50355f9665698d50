import CLinux
import Glibc
package import KVIndexer

/// A directory of one process, for what the next process goes on from.
///
///     hash-key    the key of the block hashes, made at the first start; only its owner can read it
///     snapshot    the last whole snapshot of the index
///     lock        held while a process uses the directory, so that two never do
package final class StateDirectory: @unchecked Sendable {
  private static let keyBytes = 32

  package let path: String
  private let lock = Lock()
  private var lockDescriptor: Int32

  package var snapshotPath: String { "\(path)/snapshot" }
  private var keyPath: String { "\(path)/hash-key" }

  /// Makes the directory if it is not there, and takes its lock.
  ///
  /// - Throws: `SystemError` when it can't be written, or another process has it.
  package init(_ path: String) throws(SystemError) {
    self.path = path
    let operation = "use the state directory \(path)"
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError(operation) }
    lockDescriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lockDescriptor >= 0 else { throw SystemError(operation) }
    guard flock(lockDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(lockDescriptor)
      throw code == EWOULDBLOCK
        ? SystemError(operation, reason: "another process uses it")
        : SystemError(operation, errno: code)
    }
  }

  deinit { release() }

  /// Lets another process use the directory.
  package func release() {
    lock.withLock {
      if lockDescriptor >= 0 { close(lockDescriptor) }
      lockDescriptor = -1
    }
  }

  /// The key that is kept here; made when there is none.
  package func hashKey() throws(SystemError) -> String {
    if access(keyPath, F_OK) != 0 { try makeKey() }
    let bytes = try FileBytes.read(keyPath, atMost: 4096)
    let key =
      String(decoding: bytes, as: UTF8.self)
      .split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    guard key.utf8.count >= 16 else {
      throw SystemError("read \(keyPath)", reason: "its first line has less than 16 characters")
    }
    return key
  }

  private func makeKey() throws(SystemError) {
    var random = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for _ in 0..<Self.keyBytes {
      let byte = Int(UInt8.random(in: .min ... .max, using: &random))
      text += [digits[byte >> 4], digits[byte & 15]]
    }
    try AtomicFile.write(to: keyPath) { write throws(SystemError) in
      try write(text + Array("\n".utf8))
    }
  }

  /// The last snapshot; nil when there is none.
  package func snapshot() throws(SystemError) -> SnapshotFile? {
    guard access(snapshotPath, F_OK) == 0 else { return nil }
    return try SnapshotFile(snapshotPath)
  }

  /// Puts a snapshot in the last one's place; where that fails, the last one stays.
  package func write(_ snapshot: SnapshotPieces) throws(SystemError) {
    var pieces = snapshot
    try AtomicFile.write(to: snapshotPath) { write throws(SystemError) in
      while let piece = pieces.next() { try write(piece) }
    }
  }

  /// Removes the last snapshot, so that the next process does not begin with it.
  package func dropSnapshot() throws(SystemError) { try AtomicFile.remove(snapshotPath) }
}
