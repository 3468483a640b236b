internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import NodeCore

/// Who may do what in which room: everybody everything, or, where the node shares a key with the controller of its rooms, whoever
/// brings that one's grant (RFC 6750).
struct RoomControl: Sendable {
    /// What somebody may do, and how.
    struct Admission: Equatable {
        /// Under which name.
        var participant: ParticipantID?
        /// What the controller grants.
        var profile: LinkProfile.Wish?
    }

    let key: GrantKey?
    /// In seconds since 1970.
    let now: @Sendable () -> Double

    /// - Parameters:
    ///   - errand: nil for somebody who only asks who is there: any grant for the room will do.
    ///   - participant: the name that was asked for.
    func admit(
        _ request: Request, to errand: Grant.Errand?, in room: RoomID, as participant: ParticipantID? = nil
    ) throws(Problem) -> Admission {
        guard let key else { return Admission(participant: participant) }
        let grant = try grant(of: request, key)
        guard grant.room == room else {
            throw Self.insufficient("It is for the room \(grant.room), not for \(room).")
        }
        if let errand, !grant.errands.contains(errand) {
            throw Self.insufficient("Its claim \"may\" does not have \"\(errand.rawValue)\".")
        }
        // A watcher has no name, and a controller acts under none.
        guard errand == .publish || errand == .participate else { return Admission(profile: grant.profile) }
        if let participant, let granted = grant.participant, participant != granted {
            throw Self.insufficient("It is for the participant \(granted), not for \(participant).")
        }
        return Admission(participant: grant.participant ?? participant, profile: grant.profile)
    }

    /// For what only the controller of rooms does: without a key there is none.
    func requireControl(_ request: Request, of room: RoomID) throws(Problem) {
        guard key != nil else {
            throw Problem(
                .forbidden, "no-controller", "No controller",
                "This node shares no key with a controller of rooms (--grant-key), so that nobody may choose for"
                    + " others.")
        }
        _ = try admit(request, to: .control, in: room)
    }

    private func grant(of request: Request, _ key: GrantKey) throws(Problem) -> Grant {
        guard let field = request.headers[.authorization] else {
            throw Self.unauthorized(
                "grant-required", "Grant required",
                "This node lets nobody in without a grant of the room's controller, sent as Authorization: Bearer."
            )
        }
        let words = field.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw Self.invalid("Authorization must be \"Bearer\", a space and the token.")
        }
        do throws(Grant.Refusal) {
            return try Grant(token: words[1], sealedWith: key, at: now())
        } catch {
            switch error {
            case .malformed(let reason): throw Self.invalid("The grant cannot be used: \(reason).")
            case .forged:
                throw Self.invalid(
                    "The grant is not sealed with the key that this node shares with the controller.")
            case .expired: throw Self.invalid("The grant has expired; ask the room's controller for another.")
            case .early: throw Self.invalid("The grant does not hold yet.")
            }
        }
    }

    // MARK: - RFC 6750 section 3

    private static func invalid(_ detail: String) -> Problem {
        unauthorized("grant-invalid", "Grant invalid", detail, error: ", error=\"invalid_token\"")
    }

    private static func unauthorized(
        _ slug: String, _ title: String, _ detail: String, error: String = ""
    ) -> Problem {
        Problem(
            .unauthorized, slug, title, detail,
            headers: [.wwwAuthenticate: "Bearer realm=\"smartc-relay\"\(error)"])
    }

    private static func insufficient(_ detail: String) -> Problem {
        Problem(
            .forbidden, "grant-insufficient", "Grant insufficient", "The grant is not for this. \(detail)",
            headers: [.wwwAuthenticate: "Bearer realm=\"smartc-relay\", error=\"insufficient_scope\""])
    }
}
