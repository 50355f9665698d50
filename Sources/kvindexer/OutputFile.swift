import Glibc
import Service

/// Files that a command was asked to write.
enum OutputFile {
  /// Replaces the file at `path`.
  static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    try FileBytes.write(bytes, to: path, mode: 0o666)
  }

  /// Makes a directory, if it is not there.
  static func makeDirectory(_ path: String) throws(SystemError) {
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw SystemError("make the directory \(path)")
    }
  }
}
