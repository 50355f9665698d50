import CLinux
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

  /// How far resident memory rose above what it was before `body`, at most.
  static func residentBytesAdded(by body: () throws -> Void) throws -> Int {
    // What is free in the heap goes back, or it would serve for what is to be measured.
    malloc_trim(0)
    // The kernel forgets the highest value, so that what comes is the highest from here on.
    try FileBytes.write(Array("5".utf8), to: "/proc/self/clear_refs")
    let before = try residentBytesMax()
    try body()
    return try residentBytesMax() - before
  }

  /// The highest number of bytes resident, from `/proc/self/status`.
  private static func residentBytesMax() throws -> Int {
    let text = String(
      decoding: try FileBytes.read("/proc/self/status", atMost: 1 << 16), as: UTF8.self)
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
        Int($0)
      })
    else { throw SystemError("read /proc/self/status", reason: "there is no VmHWM in it") }
    return kilobytes << 10
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
