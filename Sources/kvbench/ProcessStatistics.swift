import Glibc
import Service

/// What the kernel says of this process.
enum ProcessStatistics {
  /// Bytes resident, from `/proc/self/statm`.
  static func residentBytes() throws -> Int {
    let text = String(decoding: try FileBytes.read("/proc/self/statm", atMost: 4096), as: UTF8.self)
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else {
      throw SystemError("read /proc/self/statm", reason: "unexpected content '\(text)'")
    }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Nanoseconds of processor time that all threads have used.
  static func processorNanoseconds() -> UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

  /// Nanoseconds of processor time that the calling thread has used.
  static func threadNanoseconds() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
