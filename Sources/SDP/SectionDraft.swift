/// The fields of `m=` (RFC 8866 section 5.14).
struct MediaLine {
    let name: String
    let kind: MediaKind
    let port: UInt16
    let transportProtocol: String
    let formats: String
    /// In the order of the line, each once; empty when the section is not audio or video over RTP.
    let payloadTypes: [UInt8]

    init(parsing text: Substring, line: Int) throws(SDPError) {
        let (media, afterMedia) = text.cut(at: UInt8(ascii: " "))
        let (ports, afterPorts) = (afterMedia ?? "").cut(at: UInt8(ascii: " "))
        let (transport, afterTransport) = (afterPorts ?? "").cut(at: UInt8(ascii: " "))
        guard media.isToken, let port = ports.cut(at: UInt8(ascii: "/")).head.decimal(UInt16.self),
            !transport.isEmpty,
            let formats = afterTransport?.trimmed, !formats.isEmpty
        else {
            throw .malformed(
                line: line,
                reason: "\("m=\(text)"[...].quoted) is not of the form m=<media> <port> <protocol> <formats>."
            )
        }
        name = String(media)
        kind = MediaKind(rawValue: String(media)) ?? .other
        self.port = port
        transportProtocol = String(transport)
        self.formats = String(formats)
        guard kind == .audio || kind == .video, transportProtocol.isRTP else {
            payloadTypes = []
            return
        }
        var seen: Set<UInt8> = []
        var types: [UInt8] = []
        for field in formats.fields() {
            let type = try SectionDraft.payloadType(field, line: line)
            guard seen.insert(type).inserted else {
                throw .malformed(line: line, reason: "The m-line lists payload type \(type) twice.")
            }
            types.append(type)
        }
        payloadTypes = types
    }
}

extension String {
    /// Whether the protocol field of an m-line stands for RTP; all profiles are treated alike (RFC 8829
    /// section 5.1.2).
    var isRTP: Bool {
        self[...].fields(by: UInt8(ascii: "/")).contains("RTP")
    }
}

/// The attributes of one m-line, or of the session, as they are read line by line.
struct SectionDraft {
    let lineNumber: Int
    private(set) var mid: String?
    private(set) var midLine: Int?
    private(set) var bundle: [String] = []
    private(set) var direction: Direction?
    private(set) var iceUfrag: String?
    private(set) var icePwd: String?
    private(set) var isICELite = false
    private(set) var fingerprints: [Fingerprint] = []
    private(set) var setup: Setup?
    private(set) var extensions: [ExtensionMapping] = []
    /// The line of each of `extensions`.
    private(set) var extensionLines: [Int] = []
    private(set) var allowsMixedExtensions = false

    private let media: MediaLine?
    private var ufragLine: Int?
    private var pwdLine: Int?
    private var candidates: [ICECandidate] = []
    private var extensionIDs: [UInt8: String] = [:]
    private var mappings: [UInt8: PayloadMapping] = [:]
    private var parameters: [UInt8: Substring] = [:]
    private var feedback: [UInt8: Set<Feedback>] = [:]
    /// From `a=rtcp-fb:*`.
    private var commonFeedback: Set<Feedback> = []
    private var streams = StreamAttributes()
    private var hasRTCPMux = false
    private var hasReducedSizeRTCP = false
    private var isBundleOnly = false
    private var packetTime: UInt16?

    /// `media` is nil for the session.
    init(media: MediaLine?, line: Int) {
        self.media = media
        lineNumber = line
    }

    /// Takes in one `a=` line.
    mutating func read(_ line: TextLine) throws(SDPError) {
        let (name, argument) = line.value.cut(at: UInt8(ascii: ":"))
        let value = argument ?? ""
        switch name {
        case "group": readGroup(value)
        case "mid": try readMID(value, line: line.number)
        case "sendrecv", "sendonly", "recvonly", "inactive": direction = Direction(rawValue: String(name))
        case "ice-ufrag": (iceUfrag, ufragLine) = (String(value), line.number)
        case "ice-pwd": (icePwd, pwdLine) = (String(value), line.number)
        case "ice-lite": isICELite = true
        case "fingerprint": try readFingerprint(value, line: line.number)
        case "setup": try readSetup(value, line: line.number)
        case "candidate": if let candidate = ICECandidate(parsing: value) { candidates.append(candidate) }
        case "extmap": try readExtension(value, line: line.number)
        case "extmap-allow-mixed": allowsMixedExtensions = true
        case "rtcp-mux": hasRTCPMux = true
        case "rtcp-rsize": hasReducedSizeRTCP = true
        case "bundle-only": isBundleOnly = true
        case "ptime": packetTime = value.decimal()
        case "rtpmap", "fmtp", "rtcp-fb":
            if let media, !media.payloadTypes.isEmpty { try readFormat(name, value, line: line.number) }
        case "ssrc", "ssrc-group", "msid", "rid", "simulcast":
            try streams.read(name, value, line: line.number)
        default: break
        }
    }

    /// Reads a payload type, 0 to 127 (RFC 3550 section 5.1).
    static func payloadType(_ text: Substring, line: Int) throws(SDPError) -> UInt8 {
        guard let type = text.decimal(UInt8.self), type <= 127 else {
            throw .malformed(
                line: line, reason: "The payload type \(text.quoted) is not a number from 0 to 127."
            )
        }
        return type
    }

    private mutating func readGroup(_ value: Substring) {
        let fields = value.fields()
        if bundle.isEmpty, fields.first == "BUNDLE" { bundle = fields.dropFirst().map { String($0) } }
    }

    private mutating func readMID(_ value: Substring, line: Int) throws(SDPError) {
        // 16 bytes are what the one-byte form of the header extension holds (RFC 8285 section 4.2).
        guard value.isToken, value.utf8.count <= 16 else {
            throw .malformed(
                line: line, reason: "The mid \(value.quoted) is not a token of 1 to 16 characters."
            )
        }
        guard mid == nil else {
            throw .malformed(line: line, reason: "The m-line has a second a=mid; it may have one.")
        }
        (mid, midLine) = (String(value), line)
    }

    private mutating func readFingerprint(_ value: Substring, line: Int) throws(SDPError) {
        guard let fingerprint = Fingerprint(parsing: value) else {
            throw .malformed(
                line: line,
                reason:
                    "\(value.quoted) is not a fingerprint; it should be the name of a hash function and its bytes "
                    + "in hexadecimal, like \"sha-256 AA:BB:...\"."
            )
        }
        fingerprints.append(fingerprint)
    }

    private mutating func readSetup(_ value: Substring, line: Int) throws(SDPError) {
        guard let setup = Setup(rawValue: String(value)) else {
            throw .unacceptable(
                line: line, reason: "a=setup is \(value.quoted); it has to be actpass, active or passive."
            )
        }
        self.setup = setup
    }

    private mutating func readExtension(_ value: Substring, line: Int) throws(SDPError) {
        let fields = value.fields()
        guard fields.count >= 2 else {
            throw .malformed(
                line: line, reason: "a=extmap needs a number and a URI, like \"a=extmap:1 urn:...\".")
        }
        let (number, suffix) = fields[0].cut(at: UInt8(ascii: "/"))
        // RFC 8285 section 5: 4096 to 4351 are offered for want of numbers; whoever wants them has to
        // renumber.
        if let reserved = number.decimal(UInt16.self), (4096...4351).contains(reserved) { return }
        guard let id = number.decimal(UInt8.self), id >= 1 else {
            throw .malformed(
                line: line,
                reason: "The header extension number \(number.quoted) is not from 1 to 255."
            )
        }
        var direction: Direction?
        if let suffix {
            direction = Direction(rawValue: String(suffix))
            guard direction != nil else {
                throw .malformed(
                    line: line,
                    reason:
                        "\(suffix.quoted) is not a direction; it should be sendrecv, sendonly, recvonly or inactive."
                )
            }
        }
        let mapping = ExtensionMapping(id: id, direction: direction, uri: String(fields[1]))
        if let other = extensionIDs.updateValue(mapping.uri, forKey: id) {
            if other == mapping.uri { return }
            throw .malformed(
                line: line,
                reason:
                    "a=extmap:\(id) is already \(other[...].quoted); each header extension needs its own number."
            )
        }
        extensions.append(mapping)
        extensionLines.append(line)
    }

    private mutating func readFormat(_ name: Substring, _ value: Substring, line: Int) throws(SDPError) {
        let (format, rest) = value.cut(at: UInt8(ascii: " "))
        let text = (rest ?? "").trimmed
        if name == "rtcp-fb" {
            guard let kind = Feedback(rawValue: String(text)) else { return }
            if format == "*" {
                commonFeedback.insert(kind)
            } else {
                feedback[try Self.payloadType(format, line: line), default: []].insert(kind)
            }
            return
        }
        let type = try Self.payloadType(format, line: line)
        if name == "fmtp" {
            if parameters[type] == nil { parameters[type] = text }
            return
        }
        guard let mapping = PayloadMapping(parsing: text) else {
            throw .malformed(
                line: line,
                reason: "\(text.quoted) is not of the form <encoding>/<clock rate>, like \"VP8/90000\"."
            )
        }
        guard mappings.updateValue(mapping, forKey: type) == nil else {
            throw .malformed(
                line: line, reason: "Payload type \(type) has a second a=rtpmap; it may have one.")
        }
    }
}

// MARK: - The finished section

extension SectionDraft {
    /// The section with what only the session gave filled in.
    func section(at index: Int, inheriting session: SectionDraft) -> MediaSection {
        MediaSection(
            lineNumber: lineNumber,
            kind: media?.kind ?? .other,
            mid: mid ?? String(index),
            port: media?.port ?? 0,
            isRejected: media?.port == 0 && !isBundleOnly,
            direction: direction ?? session.direction ?? .sendrecv,
            iceUfrag: iceUfrag ?? session.iceUfrag,
            icePwd: icePwd ?? session.icePwd,
            isICELite: isICELite || session.isICELite,
            fingerprints: fingerprints.isEmpty ? session.fingerprints : fingerprints,
            setup: setup ?? session.setup,
            candidates: candidates.isEmpty ? session.candidates : candidates,
            codecs: codecs(),
            extensions: extensions.isEmpty ? session.extensions : extensions,
            ssrcs: streams.ssrcs,
            fidGroups: streams.fidGroups,
            simGroups: streams.simGroups,
            rids: streams.rids,
            simulcastSend: streams.simulcastSend,
            simulcastReceive: streams.simulcastReceive,
            msid: streams.msid,
            hasRTCPMux: hasRTCPMux || session.hasRTCPMux,
            hasReducedSizeRTCP: hasReducedSizeRTCP || session.hasReducedSizeRTCP,
            packetTime: packetTime,
            transportProtocol: media?.transportProtocol ?? "",
            mediaName: media?.name ?? "",
            formats: media?.formats ?? "",
            hasMID: mid != nil,
            allowsMixedExtensions: allowsMixedExtensions,
            ufragLine: ufragLine ?? session.ufragLine ?? lineNumber,
            pwdLine: pwdLine ?? session.pwdLine ?? lineNumber,
        )
    }

    private func codecs() -> [OfferedCodec] {
        let types = media?.payloadTypes ?? []
        var retransmissions: [UInt8: UInt8] = [:]
        for type in types where mappings[type]?.name == "rtx" {
            let values = FormatParameters(parsing: parameters[type] ?? "")
            if let primary = values["apt"]?.decimal(UInt8.self), retransmissions[primary] == nil {
                retransmissions[primary] = type
            }
        }
        return types.map { type in
            let mapping = mappings[type] ?? PayloadMapping(static: type)
            let parameters = parameters[type] ?? ""
            return OfferedCodec(
                payloadType: type,
                name: mapping.name,
                clockRate: mapping.clockRate,
                channels: mapping.channels,
                parameters: String(parameters),
                feedback: commonFeedback.union(feedback[type] ?? []),
                retransmissionPayloadType: retransmissions[type],
                codec: Codec(name: mapping.name, clockRate: mapping.clockRate, parameters: parameters),
            )
        }
    }
}
