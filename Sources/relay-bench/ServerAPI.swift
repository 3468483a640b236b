import ArgumentParser

/// What a server speaks to those who publish and watch.
enum ServerAPI: String, CaseIterable, ExpressibleByArgument {
    /// WHIP and WHEP.
    case whip
    /// The VideoRoom plugin of Janus over HTTP.
    case janus
    /// Conferences: one session for what a participant sends and receives.
    case sessions

    /// A client of the server at `base`, which has no slash at its end.
    func client(at base: String) -> any SessionClient {
        switch self {
        case .whip, .sessions: SignalingClient(base: base)
        case .janus: JanusClient(base: base)
        }
    }
}

/// Starts and ends sessions at a server.
protocol SessionClient: Sendable {
    func publish(
        _ offer: String, room: String, participant: String
    ) async throws(SignalingClient.Failure) -> SignalingClient.Session

    /// Watches a participant who publishes already.
    func watch(
        _ offer: String, room: String, participant: String
    ) async throws(SignalingClient.Failure) -> SignalingClient.Session

    func end(_ session: SignalingClient.Session) async
}

extension SignalingClient: SessionClient {}
