package import NodeCore
package import Wire

/// How a relay is set up.
package struct RelayConfiguration: Sendable {
    /// The UDP port of the first worker; the others follow. 0 lets the kernel choose all of them.
    package var udpPort: UInt16
    /// At least 1.
    package var workers: Int
    /// The addresses that answers name; ports are ignored. Empty stands for the machine's own.
    package var advertised: [SocketAddress]
    package var limits: NodeConfiguration.Limits
    /// So many sessions of a room are at its own worker before watchers go to others, too; at least 1.
    package var spreadThreshold: Int

    package init(
        udpPort: UInt16 = 40000, workers: Int, advertised: [SocketAddress] = [],
        limits: NodeConfiguration.Limits = .init(), spreadThreshold: Int = 100
    ) {
        self.spreadThreshold = max(1, spreadThreshold)
        self.udpPort = udpPort
        self.workers = workers
        self.advertised = advertised
        self.limits = limits
    }

    /// The addresses to advertise: those that were given, else the machine's own.
    package var effectiveAddresses: [SocketAddress] {
        advertised.isEmpty ? NetworkInterfaces.addresses() : advertised
    }
}
