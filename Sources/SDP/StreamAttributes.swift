/// The attributes of an m-line that name streams: SSRCs and their groups (RFC 5576), encodings (RFC 8851, RFC
/// 8853), stream and track (RFC 8830).
struct StreamAttributes {
    private(set) var ssrcs: [UInt32] = []
    private(set) var fidGroups: [(primary: UInt32, rtx: UInt32)] = []
    private(set) var simGroups: [[UInt32]] = []
    private(set) var rids: [RID] = []
    private(set) var simulcastSend: [[String]] = []
    private(set) var simulcastReceive: [[String]] = []
    private var trackID: String?
    /// What old clients say on an `a=ssrc` line.
    private var sourceTrackID: String?

    // Three simulcast encodings with RTX and FEC are 9 SSRCs. Every SSRC costs the relay a table entry.
    private static let maximumPerSection = 64

    /// The identity of the track, from the m-line or else from the first SSRC that gives one.
    var msid: String? { trackID ?? sourceTrackID }

    /// Takes in an `ssrc`, `ssrc-group`, `msid`, `rid` or `simulcast` attribute.
    mutating func read(_ name: Substring, _ value: Substring, line: Int) throws(SDPError) {
        switch name {
        case "ssrc": try readSource(value, line: line)
        case "ssrc-group": try readGroup(value, line: line)
        case "msid": if trackID == nil { trackID = String(value) }
        case "rid": try readRID(value, line: line)
        default: try readSimulcast(value, line: line)
        }
    }

    private mutating func readSource(_ value: Substring, line: Int) throws(SDPError) {
        let (number, attribute) = value.cut(at: UInt8(ascii: " "))
        let ssrc = try Self.ssrc(number, line: line)
        if !ssrcs.contains(ssrc) {
            try Self.checkRoom(in: ssrcs.count, for: "SSRCs", line: line)
            ssrcs.append(ssrc)
        }
        let (name, text) = (attribute ?? "").cut(at: UInt8(ascii: ":"))
        if name == "msid", let text, sourceTrackID == nil { sourceTrackID = String(text) }
    }

    private mutating func readGroup(_ value: Substring, line: Int) throws(SDPError) {
        let fields = value.fields()
        guard fields.first == "FID" || fields.first == "SIM" else { return }
        guard fields.count <= Self.maximumPerSection else {
            throw .unacceptable(line: line, reason: "The SSRC group is larger than any that a browser forms.")
        }
        var members: [UInt32] = []
        for field in fields.dropFirst() { members.append(try Self.ssrc(field, line: line)) }
        if fields.first == "SIM" {
            try Self.checkRoom(in: simGroups.count, for: "SIM groups", line: line)
            simGroups.append(members)
            return
        }
        guard members.count == 2 else {
            throw .malformed(
                line: line, reason: "A FID group names two SSRCs, the stream and its retransmissions."
            )
        }
        try Self.checkRoom(in: fidGroups.count, for: "FID groups", line: line)
        fidGroups.append((members[0], members[1]))
    }

    private mutating func readRID(_ value: Substring, line: Int) throws(SDPError) {
        let fields = value.fields()
        guard fields.count >= 2, RID.isValid(fields[0]), fields[1] == "send" || fields[1] == "recv" else {
            throw .malformed(
                line: line,
                reason: "\(value.quoted) is not a RID of 1 to 16 letters or digits followed by send or recv."
            )
        }
        try Self.checkRoom(in: rids.count, for: "RIDs", line: line)
        let id = String(fields[0])
        guard !rids.contains(where: { $0.id == id }) else {
            throw .malformed(
                line: line, reason: "The RID \(fields[0].quoted) is taken; each encoding needs its own.")
        }
        rids.append(RID(id: id, direction: fields[1] == "send" ? .sendonly : .recvonly))
    }

    private mutating func readSimulcast(_ value: Substring, line: Int) throws(SDPError) {
        let fields = value.fields()
        guard fields.count == 2 || fields.count == 4, simulcastSend.isEmpty, simulcastReceive.isEmpty else {
            throw .malformed(
                line: line,
                reason: "a=simulcast has to be there once, with a direction and encodings, like \"send h;l\"."
            )
        }
        for index in stride(from: 0, to: fields.count, by: 2) {
            let streams = try Self.simulcastStreams(fields[index + 1], line: line)
            if fields[index] == "send", simulcastSend.isEmpty {
                simulcastSend = streams
            } else if fields[index] == "recv", simulcastReceive.isEmpty {
                simulcastReceive = streams
            } else {
                throw .malformed(line: line, reason: "a=simulcast has send and recv, each at most once.")
            }
        }
    }

    // RFC 8853 section 5.1: streams are separated by ";", alternatives by ","; "~" means paused.
    private static func simulcastStreams(_ text: Substring, line: Int) throws(SDPError) -> [[String]] {
        var streams: [[String]] = []
        for stream in text.fields(by: UInt8(ascii: ";")) {
            try checkRoom(in: streams.count, for: "simulcast encodings", line: line)
            var alternatives: [String] = []
            for alternative in stream.fields(by: UInt8(ascii: ",")) {
                try checkRoom(in: alternatives.count, for: "alternatives of an encoding", line: line)
                let id = alternative.utf8.first == UInt8(ascii: "~") ? alternative.dropFirst() : alternative
                guard RID.isValid(id) else {
                    throw .malformed(line: line, reason: "\(alternative.quoted) in a=simulcast is not a RID.")
                }
                alternatives.append(String(id))
            }
            streams.append(alternatives)
        }
        return streams
    }

    private static func ssrc(_ text: Substring, line: Int) throws(SDPError) -> UInt32 {
        guard let ssrc = text.decimal(UInt32.self) else {
            throw .malformed(
                line: line, reason: "The SSRC \(text.quoted) is not a number from 0 to 4294967295."
            )
        }
        return ssrc
    }

    private static func checkRoom(in count: Int, for what: String, line: Int) throws(SDPError) {
        guard count < maximumPerSection else {
            throw .unacceptable(
                line: line, reason: "An m-line may have at most \(maximumPerSection) \(what).")
        }
    }
}
