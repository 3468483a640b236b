// swift-tools-version: 6.2

import Foundation
import PackageDescription

/// What holds for all of our targets: Swift 6 mode comes with the tools version.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Whether packets can be sealed by Intel's library, which is there for x86 only; without it OpenSSL does that.
let hasIPSecMB = FileManager.default.fileExists(atPath: "/usr/include/intel-ipsec-mb.h")

/// A module with its unit tests.
func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], testing: [Target.Dependency] = [],
    resources: [Resource] = [], settings: [SwiftSetting] = []
) -> [Target] {
    [
        .target(
            name: name, dependencies: dependencies, resources: resources, swiftSettings: strict + settings),
        .testTarget(
            name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies + testing,
            swiftSettings: strict),
    ]
}

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let containers = product(name: "BasicContainers", package: "swift-collections")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let hummingbirdTLS = product(name: "HummingbirdTLS", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nio = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let system = product(name: "SystemPackage", package: "swift-system")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
}

/// The C libraries, and the system calls and macros that Swift cannot import.
let foundations: [Target] = [
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
    .systemLibrary(name: "CVPX", pkgConfig: "vpx", providers: [.apt(["libvpx-dev"])]),
    // Debian's libyuv brings no file for pkg-config.
    .systemLibrary(name: "CYUV", providers: [.apt(["libyuv-dev"])]),
    .systemLibrary(name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
    .testTarget(
        name: "SystemLibraryTests", dependencies: ["COpenSSL", "COpus", "CSRTP", "CVPX"],
        swiftSettings: strict),
    .target(name: "CDTLSClock"),
    .target(name: "CLinux"),
    .target(name: "CAllocationCounter"),
]

/// What is used where it is installed.
let accelerators: [Target] =
    hasIPSecMB ? [.systemLibrary(name: "CIPSecMB", providers: [.apt(["libipsec-mb-dev"])])] : []

/// Bytes and a time in, bytes and events out: no module here opens a socket, starts a thread or reads a clock.
let core: [[Target]] = [
    library("Wire"),
    library("RTP", ["Wire"]),
    library("SDP", ["Wire"]),
    library("MediaFiles"),
    library("Congestion", ["RTP", "Wire"], testing: ["Impairment", "Plotting"]),
    library("STUN", ["COpenSSL", "Wire"], testing: ["Impairment"]),
    library("DTLS", ["CDTLSClock", "COpenSSL", "Wire"]),
    library(
        "SRTP", ["COpenSSL", "CSRTP"] + (hasIPSecMB ? ["CIPSecMB"] : []), testing: ["Wire"],
        settings: hasIPSecMB ? [.define("IPSEC_MB")] : []),
    library("Peering", ["DTLS", "SRTP", "STUN", "Wire"], testing: ["Impairment"]),
    library("Forwarding", ["RTP", "SDP", "Wire", .containers], testing: ["Impairment"]),
    library("Codecs", ["COpus", "CVPX", "CYUV"]),
    library("Transcoding", ["Codecs", "RTP", "Wire", .containers]),
    library("Mixing", ["Codecs", "RTP", "Wire", .containers], testing: ["COpus", "Impairment", "Plotting"]),
    library(
        "NodeCore",
        [
            "Codecs", "Congestion", "DTLS", "Forwarding", "Mixing", "Peering", "RTP", "SDP", "STUN",
            "Transcoding", "Wire",
            .containers,
        ],
        testing: ["Impairment"]),
]

let server: [[Target]] = [
    library(
        "NodeIO", ["CLinux", "DTLS", "Mixing", "NodeCore", "Peering", "Transcoding", "Wire", .logging],
        testing: ["Codecs", "Endpoint", "SDP", "STUN"]),
    library(
        "Signaling",
        [
            "COpenSSL", "NodeCore", "Transcoding", "Wire", .hummingbird, .hummingbirdCore, .hummingbirdTLS,
            .httpTypes,
            .logging, .nio,
            .nioPosix,
            .nioSSL, .serviceLifecycle, .system,
        ],
        testing: [.hummingbirdTesting],
        resources: [.embedInCode("Resources/web")]),
    library("Launch", ["Wire", .configuration, .logging, .system]),
    library("Programs", ["NodeIO", "Wire", .system]),
    library("OfflineLane", ["Codecs", "Impairment", "MediaFiles", "Transcoding", .containers]),
    [
        .executableTarget(
            name: "smartc-relay",
            dependencies: [
                "Codecs", "Impairment", "Launch", "MediaFiles", "NodeCore", "NodeIO", "OfflineLane",
                "Programs", "Signaling", "Transcoding", "Wire", .argumentParser, .logging, .nio,
                .serviceLifecycle, .system, .unixSignals,
            ],
            swiftSettings: strict)
    ],
]

/// Other ends and bad links, for tests and measurements; not part of the relay.
let bench: [[Target]] = [
    library("Impairment", ["Wire"]),
    library("Plotting"),
    library("RateQuality"),
    library(
        "Endpoint",
        ["Codecs", "DTLS", "Impairment", "MediaFiles", "Peering", "RTP", "SDP", "SRTP", "STUN", "Wire"]),
    [
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "CLinux", "Codecs", "Congestion", "DTLS", "Endpoint", "Forwarding", "Impairment",
                "MediaFiles", "Mixing", "NodeCore", "Peering", "Plotting", "RTP", "SDP", "STUN",
                "Transcoding", "Wire",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "relay-bench",
            dependencies: [
                "CAllocationCounter", "Codecs", "DTLS", "Endpoint", "Forwarding", "Impairment", "MediaFiles",
                "NodeCore",
                "NodeIO", "OfflineLane", "Peering", "Plotting", "Programs", "RTP", "RateQuality", "SDP",
                "SRTP",
                "STUN", "Transcoding", "Wire", .argumentParser, .asyncHTTPClient, .containers, .nio,
                .nioHTTP1, .system,
            ],
            swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Codecs", "Congestion", "MediaFiles", "RTP", "SDP", "STUN", "Signaling", "Transcoding",
                "Wire",
            ],
            swiftSettings: strict),
        .testTarget(name: "FuzzReplayTests", dependencies: ["FuzzTargets"], swiftSettings: strict),
    ],
]

/// libFuzzer's driver needs flags that other builds do not have: see deploy/fuzz.
let fuzzing: [Target] =
    Context.environment["FUZZ"] == "1"
    ? [
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"],
            swiftSettings: strict + [.enableExperimentalFeature("Extern")])
    ] : []

let package = Package(
    name: "smartc-relay",
    products: [
        .executable(name: "smartc-relay", targets: ["smartc-relay"]),
        .executable(name: "relay-bench", targets: ["relay-bench"]),
    ],
    dependencies: [
        // Command line with help texts and validation.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Containers of noncopyable elements: the tables of sessions and tracks.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Settings from the environment and from a file under one precedence.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        // HTTP requests and responses as Hummingbird passes them.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        // The logging interface that all Swift servers share.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // HTTP requests of the load generator.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        // HTTP server; without traits it needs FoundationEssentials only.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        // What Hummingbird stands on: sockets and buffers in its interface.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Certificates and keys for HTTPS.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // File paths and errno without Foundation.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        // Orderly start and end on signals.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: foundations + accelerators + (core + server + bench).flatMap { $0 } + fuzzing
)
