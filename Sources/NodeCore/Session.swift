import Peering
import RTP
import Transcoding
import Wire

/// One session: a peer, what it sends us and what we send it.
struct Session: ~Copyable {
    /// A stream that the remote sends: an encoding itself, or the retransmissions of one.
    struct Source {
        let ssrc: UInt32
        let track: Int
        let encoding: Int
        let isRetransmission: Bool
    }

    /// More than any offer of 64 sections explains; unknown SSRCs beyond are dropped.
    static let sourceLimit = 256

    /// Whom a session without a transport of its own stands for.
    struct Mirrored {
        /// The slot number of the link.
        let link: Int
        /// The number of the publisher at the other end.
        let publisher: UInt64
    }

    let id: SessionID
    /// The slot number of the room.
    let room: Int
    let role: SessionRole
    let participant: ParticipantID?
    var peer: Peer
    /// The SSRC under which our reports to this peer go.
    let ssrc: UInt32
    let cname: String
    /// Whether feedback may go without a report before it (RFC 5506).
    let usesReducedSizeRTCP: Bool
    /// Whether the remote's answer announced REMB and no transport-wide feedback.
    let wantsREMB: Bool
    /// The slot numbers of the tracks that come from this peer and go to it.
    var upTracks: [Int] = []
    var downTracks: [Int] = []
    /// The publisher elsewhere that this session stands for; nil if its remote is connected to this node.
    var mirrored: Mirrored?
    private(set) var sources: [Source] = []
    /// The header extension with transport-wide sequence numbers, 0 if there is none.
    var transportSequenceID: UInt8 = 0
    var feedback: TransportFeedbackRecorder?
    var advice = ReceiveBitrateAdvice()
    var nextReport: Instant
    var nextFeedback: Instant
    /// The tracks as others are told of them, in the order of `upTracks`.
    var publications: [Publication] = []
    /// The slot number of the link by which it tells how media arrives, if it does.
    var downlink: Int?
    /// What makes it a participant of a conference; nil for WHIP, WHEP and echo.
    var participation: Participation?
    /// Whether it is one. Asked for every packet: looking at the above copies it.
    let isParticipant: Bool
    /// How much of the room it is served.
    var profile = LinkProfile()
    /// How fast bytes go over its wire.
    var wire = WireMeter()
    /// When it asked for lost packets.
    var losses = LossWatch()
    /// How long to wait for what the remote was asked to send again, where the way to it is long.
    var repairPatience: Duration?
    /// The lane that it asked for by name, if it did.
    var tier: Tier?
    /// Whether it only receives, and its handshake is over.
    var hasLittleDue = false
    /// Whether others in the room were told that it is there.
    var isAnnounced = false
    /// SDP's o-line: a number of its own and the number of the answer.
    let descriptionID: UInt64

    init(
        id: SessionID, room: Int, role: SessionRole, participant: ParticipantID?, peer: consuming Peer,
        ssrc: UInt32, cname: String, usesReducedSizeRTCP: Bool, wantsREMB: Bool, descriptionID: UInt64,
        at now: Instant
    ) {
        self.id = id
        self.room = room
        self.role = role
        if case .participate = role { isParticipant = true } else { isParticipant = false }
        self.participant = participant
        self.peer = peer
        self.ssrc = ssrc
        self.cname = cname
        self.usesReducedSizeRTCP = usesReducedSizeRTCP
        self.wantsREMB = wantsREMB
        self.descriptionID = descriptionID
        nextReport = now
        nextFeedback = now
    }

    var isPublishing: Bool {
        switch role {
        case .publish, .echo, .participate: true
        case .watch: false
        }
    }

    /// What an SSRC of the remote stands for, if that is known already.
    func source(_ ssrc: UInt32) -> Source? {
        for source in sources where source.ssrc == ssrc { return source }
        return nil
    }

    /// Remembers what an SSRC stands for (RFC 8852: MID and RID may be missing from later packets).
    mutating func latch(_ source: Source) {
        guard sources.count < Self.sourceLimit else { return }
        sources.append(source)
    }
}
