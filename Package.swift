// swift-tools-version: 6.2
import PackageDescription

// The manifest is the architecture: a target may import only what it names here, and every arrow points down.

/// The processor to compile for: this one, unless `RNND_CPU` names another for a binary that travels.
let cpu = Context.environment["RNND_CPU"] ?? "native"
#if arch(x86_64)
  let processor: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(cpu)"])]
#else
  let processor: [SwiftSetting] = []
#endif

/// What every Swift target is compiled with.
let strict: [SwiftSetting] =
  processor + [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]

/// Optimised also in debug builds, and as one unit, so that vector helpers inline across files: otherwise the plain tests
/// would take minutes.
let optimised = ["-O", "-whole-module-optimization", "-num-threads", "2", "-disable-batch-mode"]
let vectorised = strict + [.unsafeFlags(optimised)]

/// A release carries its Swift libraries within: it starts in half the time, calls them without a detour, and needs no
/// toolchain where it runs. Only the program is linked so: tests bring their own libraries, to be shared.
let selfContained: [LinkerSetting] = [
  .unsafeFlags(["-static-stdlib"], .when(platforms: [.linux], configuration: .release))
]

/// A module and its tests.
func module(
  _ name: String, over dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = strict,
  testedWith testDependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, swiftSettings: settings),
    .testTarget(
      name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies + testDependencies,
      resources: resources, swiftSettings: [.treatAllWarnings(as: .error)]),
  ]
}

let package = Package(
  name: "rnnd",
  platforms: [.macOS(.v26)],
  products: [.executable(name: "rnnd", targets: ["Program"])],
  targets: [
    [.target(name: "CSystem")],
    // What the tests of several modules share.
    [
      .target(
        name: "TestSupport", dependencies: ["Storage", "System"], path: "Tests/Support", swiftSettings: strict)
    ],
    // Shared ground.
    module("JSON", testedWith: ["TestSupport"]),
    module("System", over: ["CSystem"], testedWith: ["TestSupport"]),
    module("Storage", over: ["JSON", "System", "CSystem"], testedWith: ["TestSupport"]),
    // The model.
    module("Kernels", over: ["CSystem"], settings: vectorised),
    module("Networks", over: ["Kernels"], resources: [.copy("Golden")]),
    module("Tokenizers", over: ["JSON"], resources: [.copy("Golden")]),
    module("Safetensors", over: ["JSON", "System"], resources: [.copy("Golden")]),
    module(
      "LanguageModel", over: ["Networks", "Kernels", "Tokenizers", "Safetensors", "Storage", "JSON", "System"],
      testedWith: ["TestSupport"], resources: [.copy("Golden")]),
    // The service.
    module("RPC", over: ["JSON"], testedWith: ["TestSupport"]),
    module(
      "Daemon", over: ["LanguageModel", "Networks", "Tokenizers", "Kernels", "Storage", "RPC", "JSON", "System"],
      testedWith: ["Client", "TestSupport"]),
    module("Client", over: ["RPC", "JSON", "System"]),
    // What fuzzing and its corpus's tests share: Tests/fuzz.sh.
    [
      .target(
        name: "Fuzzing", dependencies: ["Daemon", "RPC", "Storage", "Safetensors", "Tokenizers", "JSON"],
        path: "Tests/Fuzzing", swiftSettings: strict),
      .testTarget(
        name: "FuzzingTests", dependencies: ["Fuzzing"], resources: [.copy("Corpus")],
        swiftSettings: [.treatAllWarnings(as: .error)]),
    ],
    // The face.
    module("Bench", over: ["Networks", "Tokenizers", "Kernels", "JSON", "System"]),
    module(
      "rnnd", over: ["Bench", "Client", "Daemon", "LanguageModel", "Storage", "RPC", "JSON", "System"]),
    [.executableTarget(name: "Program", dependencies: ["rnnd"], swiftSettings: strict, linkerSettings: selfContained)],
  ].flatMap { $0 },
  swiftLanguageModes: [.v6]
)
