import DTLS
import Wire

/// Connects two ends of a DTLS association by nothing but memory.
///
/// - Parameter serverTurn: runs each turn of the server, for those who measure it; it returns what the turn returns.
func connect(
    _ client: inout DTLSConnection, _ server: inout DTLSConnection,
    serverTurn: (() -> [[UInt8]]) -> [[UInt8]] = { $0() }
) {
    let now = Instant(nanoseconds: 0)
    func copy(_ span: Span<UInt8>) -> [UInt8] {
        [UInt8](capacity: span.count) { $0.append(copying: span, 0..<span.count) }
    }
    var toServer: [[UInt8]] = []
    _ = client.start(at: now) { toServer.append(copy($0)) }
    while !toServer.isEmpty {
        let toClient = serverTurn {
            var sent: [[UInt8]] = []
            for datagram in toServer { _ = server.receive(datagram.span, at: now) { sent.append(copy($0)) } }
            return sent
        }
        toServer = []
        for datagram in toClient { _ = client.receive(datagram.span, at: now) { toServer.append(copy($0)) } }
    }
}
