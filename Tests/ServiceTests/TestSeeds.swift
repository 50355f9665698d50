import Foundation

/// The seeds that a random test runs with: all of them, or, under a slow sanitizer, as many as
/// `KV_TEST_SEEDS` says.
enum TestSeeds {
  static func upTo(_ count: UInt64) -> Range<UInt64> {
    let limit = ProcessInfo.processInfo.environment["KV_TEST_SEEDS"].flatMap { UInt64($0) }
    return 0..<min(count, limit ?? count)
  }
}
