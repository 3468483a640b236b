package import Wire

/// What a UDP socket takes and gives.
package struct Datagram: Hashable, Sendable {
    package let source: SocketAddress
    package let destination: SocketAddress
    package let bytes: [UInt8]

    package init(source: SocketAddress, destination: SocketAddress, bytes: [UInt8]) {
        self.source = source
        self.destination = destination
        self.bytes = bytes
    }
}
