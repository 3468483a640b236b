internal import FoundationEssentials
internal import NodeCore

/// The JSON of `POST /sessions/{id}/control`, read strictly: what nobody asked for is not ignored, and every refusal
/// names its place.
///
/// What has another shape than described is malformed; a value of the right type that cannot be is unacceptable.
/// Whether the session has the sections and the room the participants that are named is the media side's to know.
struct ControlDocument: Decodable {
    let change: SessionControl

    static let heights = 0...4320
    /// Above any number of sections that an offer can have.
    static let lastNs = 0...64
    /// In Unicode scalars.
    static let labelLengths = 1...32
    /// The media side keeps the names for as long as the session.
    static let preferredLimit = 256

    static func parse(_ text: String) throws(Problem) -> SessionControl {
        do {
            return try JSONDecoder().decode(ControlDocument.self, from: Data(text.utf8)).change
        } catch let problem as Problem {
            throw problem
        } catch {
            throw StrictObject.malformed([], "must be JSON (RFC 8259) of no great depth")
        }
    }

    init(from decoder: any Decoder) throws {
        let document = try StrictObject(
            decoder, known: ["slots", "tracks", "preferred", "lastN", "profile"],
            shape:
                "an object with the members \"slots\", \"tracks\", \"preferred\", \"lastN\" and \"profile\", all"
                + " optional")
        change = SessionControl(
            slots: try Self.byMID("slots", of: document, Self.slot),
            tracks: try Self.byMID("tracks", of: document, Self.track),
            preferred: try Self.preferred(of: document),
            lastN: try Self.lastN(of: document), profile: try Self.profile(of: document))
    }

    // MARK: - Private

    private static func byMID<Value>(
        _ name: String, of document: StrictObject, _ read: (any Decoder) throws(Problem) -> Value
    ) throws(Problem) -> [String: Value] {
        guard document.has(name) else { return [:] }
        let sections = try StrictObject(
            try document.decoder(of: name), shape: "an object whose members are named by MIDs")
        var values: [String: Value] = [:]
        for mid in sections.names { values[mid] = try read(try sections.decoder(of: mid)) }
        return values
    }

    private static func slot(_ decoder: any Decoder) throws(Problem) -> SessionControl.Slot {
        let object = try StrictObject(
            decoder, known: ["pin", "height", "paused"],
            shape: "an object with the members \"pin\", \"height\" and \"paused\", all optional")
        return SessionControl.Slot(
            pin: try pin(of: object), height: try object.integer("height", in: heights),
            isPaused: try object.boolean("paused"))
    }

    private static func pin(of slot: StrictObject) throws(Problem) -> SessionControl.Pin?? {
        guard slot.has("pin") else { return nil }
        if slot.isNull("pin") { return .some(nil) }
        let shape = "null or an object with the member \"participant\" and, optional, \"track\""
        let pin = try StrictObject(
            try slot.decoder(of: "pin"), known: ["participant", "track"], shape: shape)
        guard let name = try pin.string("participant") else {
            throw pin.malformed(["participant"], "is missing; \"pin\" must be \(shape)")
        }
        guard let participant = ParticipantID(name) else {
            throw pin.unacceptable(["participant"], nameRule)
        }
        return SessionControl.Pin(
            participant: participant, track: pin.isNull("track") ? nil : try pin.string("track"))
    }

    private static func track(_ decoder: any Decoder) throws(Problem) -> SessionControl.Track {
        let object = try StrictObject(
            decoder, known: ["muted", "label"],
            shape: "an object with the members \"muted\" and \"label\", both optional")
        let label = try object.string("label")
        if let label {
            // Others show it: nothing that ends a line or turns the direction of writing belongs there.
            guard labelLengths.contains(label.unicodeScalars.count),
                label.unicodeScalars.allSatisfy({ isPrintable($0) })
            else {
                throw object.unacceptable(
                    ["label"],
                    "must have \(labelLengths.lowerBound) to \(labelLengths.upperBound) characters, without"
                        + " control characters")
            }
        }
        return SessionControl.Track(isMuted: try object.boolean("muted"), label: label)
    }

    private static func preferred(of document: StrictObject) throws(Problem) -> [ParticipantID]? {
        guard let names = try document.strings("preferred") else { return nil }
        guard names.count <= preferredLimit else {
            throw document.unacceptable(["preferred"], "may have at most \(preferredLimit) names")
        }
        var preferred: [ParticipantID] = []
        for (index, name) in names.enumerated() {
            guard let participant = ParticipantID(name) else {
                throw document.unacceptable(["preferred", String(index)], nameRule)
            }
            preferred.append(participant)
        }
        return preferred
    }

    private static func lastN(of document: StrictObject) throws(Problem) -> Int?? {
        guard document.has("lastN") else { return nil }
        if document.isNull("lastN") { return .some(nil) }
        return try document.integer("lastN", in: lastNs)
    }

    private static func profile(of document: StrictObject) throws(Problem) -> LinkProfile.Wish? {
        guard let text = try document.string("profile") else { return nil }
        guard let wish = LinkProfile.Wish(rawValue: text) else {
            throw document.malformed(["profile"], "must be \(ProfileText.expected)")
        }
        return wish
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }

    private static let nameRule =
        "is nobody's name: names have 1 to 64 characters out of A-Z, a-z, 0-9, \".\", \"_\" and \"-\""
}
