import ArgumentParser

/// Measures a relay like its users and rivals would.
@main
struct RelayBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay-bench",
        abstract:
            "Measures media relays: load from real WebRTC endpoints, quality over rate, the cost of single steps.",
        subcommands: [Load.self, Forward.self, Encode.self, Micro.self, Impair.self, JanusCommand.self])
}
