import Launch
import NodeCore
import NodeIO
import Signaling

extension RelaySettings {
    /// What the media side needs of the settings.
    var relay: RelayConfiguration {
        RelayConfiguration(
            udpPort: udpPort, workers: workers, advertised: advertised,
            limits: .init(
                sessions: maxSessions, sessionsPerRoom: maxSessionsPerRoom,
                participantsPerRoom: maxParticipantsPerRoom, tracksPerParticipant: maxTracksPerParticipant),
            spreadThreshold: spreadThreshold)
    }

    var tlsFiles: TLSFiles? { tls.map { TLSFiles(certificate: $0.certificate, key: $0.key) } }

    /// What the HTTP side needs of the settings. Fails when the key of grants cannot be used.
    func signaling() throws(SignalingError) -> SignalingConfiguration {
        SignalingConfiguration(
            address: http, tls: tlsFiles,
            isEchoEnabled: isEchoEnabled, iceServers: iceServers, moveTo: moveTo,
            grantKey: try grantKey.map { path throws(SignalingError) in try GrantKey(file: path) })
    }
}
