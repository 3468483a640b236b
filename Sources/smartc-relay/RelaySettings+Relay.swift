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

    /// What the HTTP side needs of the settings.
    var signaling: SignalingConfiguration {
        SignalingConfiguration(
            address: http, tls: tls.map { TLSFiles(certificate: $0.certificate, key: $0.key) },
            isEchoEnabled: isEchoEnabled, iceServers: iceServers, moveTo: moveTo)
    }
}
