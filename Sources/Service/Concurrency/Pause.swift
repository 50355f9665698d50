import Glibc

/// Leaves the processor to others for a while: for pacing and polling, never for ordering.
package enum Pause {
  package static func microseconds(_ count: Int) {
    var time = timespec(tv_sec: count / 1_000_000, tv_nsec: count % 1_000_000 * 1000)
    nanosleep(&time, nil)
  }
}
