// swift-tools-version: 6.2

import PackageDescription

/// What holds for all of our targets: Swift 6 mode comes with the tools version.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, swiftSettings: strict),
        .testTarget(
            name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict),
    ]
}

let containers = Target.Dependency.product(name: "BasicContainers", package: "swift-collections")

let package = Package(
    name: "smartc-relay",
    dependencies: [
        // Containers of noncopyable elements: the tables of sessions and tracks.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0")
    ],
    targets: [
        [
            .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
            .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
            .target(name: "CDTLSClock"),
        ],
        library("Wire"),
        library("DTLS", ["Wire", "CDTLSClock", "COpenSSL"]),
        library("SRTP", ["CSRTP", "Wire"]),
        library("STUN", ["Wire", "COpenSSL"]),
        library("RTP", ["Wire"]),
        library("SDP", ["Wire"]),
        library("Forwarding", ["RTP", "SDP", "Wire", containers]),
        library("Peering", ["DTLS", "SRTP", "STUN", "Wire"]),
        library("NodeCore", ["DTLS", "Forwarding", "Peering", "RTP", "SDP", "STUN", "Wire", containers]),
    ].flatMap { $0 }
)
