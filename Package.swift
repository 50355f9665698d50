// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A C library from Debian's packages: a module map, a shim header, and nothing else.
func library(_ name: String, package: String) -> Target {
  .systemLibrary(name: name, providers: [.apt([package])])
}

/// The parts of the dashboard's page, which the server puts together.
let pageParts = [
  "page.html", "page.css", "dom.js", "format.js", "server.js", "chart.js", "charts.js",
  "endpoints.js", "details.js", "prefixes.js", "explain.js", "decisions.js", "page.js",
].map { Resource.embedInCode("Dashboard/Page/\($0)") }

let package = Package(
  name: "kv-indexer",
  products: [
    .library(name: "KVIndexer", targets: ["KVIndexer"]),
    .library(name: "Tokenize", targets: ["Tokenize"]),
    .library(name: "EPPScorer", targets: ["EPPScorer"]),
    .executable(name: "kvindexer", targets: ["kvindexer"]),
    .executable(name: "epp", targets: ["epp"]),
    .executable(name: "kvbench", targets: ["kvbench"]),
  ],
  targets: [
    library("CXXH", package: "libxxhash-dev"),
    library("CMsgpack", package: "libmsgpack-dev"),
    library("CZMQ", package: "libzmq3-dev"),
    library("CYAML", package: "libyaml-dev"),
    library("CMHD", package: "libmicrohttpd-dev"),
    library("CCurl", package: "libcurl4-openssl-dev"),
    library("CNghttp2", package: "libnghttp2-dev"),
    library("COpenSSL", package: "libssl-dev"),
    library("CLinux", package: "libc6-dev"),
    .target(name: "CIntrinsics"),

    // Pure: bytes and values in, values out.
    .target(name: "KVIndexer", dependencies: ["CXXH", "CIntrinsics"], swiftSettings: settings),
    .target(name: "Tokenize", dependencies: ["CXXH"], swiftSettings: settings),
    .target(
      name: "EPPScorer", dependencies: ["KVIndexer", "Tokenize", "CIntrinsics"],
      swiftSettings: settings),
    .target(
      name: "Simulation",
      dependencies: ["KVIndexer", "Tokenize", "EPPScorer", "CMsgpack", "CXXH"],
      swiftSettings: settings),

    // Impure: sockets, threads, files, clocks.
    .target(
      name: "Service",
      dependencies: [
        "KVIndexer", "Tokenize", "EPPScorer", "Simulation",
        "CZMQ", "CYAML", "CMHD", "CCurl", "CNghttp2", "COpenSSL", "CLinux",
      ],
      resources: pageParts, swiftSettings: settings),

    // Arguments and assembly.
    .executableTarget(
      name: "kvindexer",
      dependencies: ["Service", "Simulation", "EPPScorer", "Tokenize", "KVIndexer"],
      swiftSettings: settings),
    .executableTarget(
      name: "epp", dependencies: ["Service", "EPPScorer", "Tokenize", "KVIndexer"],
      swiftSettings: settings),
    .executableTarget(
      name: "kvbench",
      dependencies: [
        "KVIndexer", "Tokenize", "EPPScorer", "Simulation", "Service", "CNghttp2", "CLinux",
      ],
      swiftSettings: settings),

    .testTarget(
      name: "KVIndexerTests", dependencies: ["KVIndexer", "Simulation", "CMsgpack", "CXXH"],
      swiftSettings: settings),
    .testTarget(
      name: "TokenizeTests", dependencies: ["Tokenize", "Simulation"], swiftSettings: settings),
    .testTarget(
      name: "EPPScorerTests", dependencies: ["EPPScorer", "KVIndexer", "Tokenize", "Simulation"],
      swiftSettings: settings),
    .testTarget(
      name: "SimulationTests",
      dependencies: ["Simulation", "KVIndexer", "Tokenize", "EPPScorer"], swiftSettings: settings),
    .testTarget(
      name: "ServiceTests",
      dependencies: ["Service", "EPPScorer", "Simulation", "KVIndexer", "Tokenize"],
      swiftSettings: settings),
    .testTarget(
      name: "CommandTests", dependencies: ["kvindexer", "Service"], swiftSettings: settings),
  ]
)
