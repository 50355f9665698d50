import Service

/// `kvindexer demo`: simulated engines, the indexer and a workload in one process.
enum DemoCommand: Command {
  static let help = "usage: kvindexer demo"

  static func run(_ given: Arguments) throws -> Int32 { 0 }
}
