import ArgumentParser
import FoundationEssentials
import Impairment
import NodeCore
import Signaling

/// `smartc-relay token`: makes a grant as a controller of rooms does.
struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a grant for a relay that lets nobody in without one.",
        discussion: """
            Prints a JSON Web Token (HS256), to be sent as Authorization: Bearer. The page takes it behind its address: \
            /meet?room=lobby#grant=TOKEN.

            EXAMPLES
              openssl rand -hex 32 > key
              smartc-relay serve --grant-key key
              smartc-relay token --grant-key key --room lobby --participant alice --profile 3g
              smartc-relay token --grant-key key --room lobby --may control --valid-for 60s
            """)

    @Option(help: .init("The file with the key that the relay has.", valueName: "file"))
    var grantKey: String

    @Option(help: "The room that it is for.", transform: { try Self.checked(RoomID($0), "a room's name") })
    var room: RoomID

    @Option(
        help: "The only name under which to publish or take part; without, any.",
        transform: { try Self.checked(ParticipantID($0), "a participant's name") })
    var participant: ParticipantID?

    @Option(
        help: "What for: publish, watch, participate, control; may be repeated. (default: all but control)",
        transform: { try Self.checked(Grant.Errand(rawValue: $0), "publish, watch, participate or control") })
    var may: [Grant.Errand] = []

    @Option(
        help: "What is served, whatever the client wishes: 3g, full or auto; without, the client chooses.",
        transform: { try Self.checked(LinkProfile.Wish(rawValue: $0), "3g, full or auto") })
    var profile: LinkProfile.Wish?

    @Option(
        help: .init("For how long it holds, up to 3600s.", valueName: "time"),
        transform: { try DurationArgument($0) })
    var validFor = DurationArgument(.seconds(600))

    func run() throws {
        let key: GrantKey
        do throws(SignalingError) {
            key = try GrantKey(file: grantKey)
        } catch {
            throw ValidationError("\(error)")
        }
        let expires = Date().timeIntervalSince1970 + validFor.duration / .seconds(1)
        let grant = Grant(
            room: room, participant: participant, errands: may.isEmpty ? Grant.usualErrands : Set(may),
            profile: profile, expires: expires.rounded())
        print(grant.token(sealedWith: key))
    }

    private static func checked<Value>(_ value: Value?, _ wanted: String) throws -> Value {
        guard let value else { throw ValidationError("It must be \(wanted).") }
        return value
    }
}
