/// A parsed session description (RFC 8866, with the attributes of RFC 8829), offer or answer.
///
/// Attributes that are not known, and `a=candidate` lines of a kind that is not known, are passed over.
package struct SessionDescription: Sendable {
    /// In the order of the text.
    package var sections: [MediaSection]
    /// The mids of the BUNDLE group (RFC 9143), the suggested transport first; empty when there is no group.
    package var bundle: [String]
    package var iceUfrag: String?
    package var icePwd: String?
    package var isICELite: Bool
    package var fingerprints: [Fingerprint]
    package var setup: Setup?
    /// What holds for sections that do not say otherwise; `sendrecv` when nobody says anything.
    package var direction: Direction?
    package var extensions: [ExtensionMapping]
    /// Whether the session part has `a=extmap-allow-mixed` (RFC 8285 section 6).
    package var allowsMixedExtensions: Bool

    private static let maximumSections = 1024

    /// Parses `text`, whose lines end with CRLF or LF, in time that grows linearly with its length; at most
    /// 256 KiB.
    package init(parsing text: String) throws(SDPError) {
        let lines = try TextLine.lines(of: text)
        guard let first = lines.first, first.type == UInt8(ascii: "v"), first.value == "0" else {
            throw .malformed(
                line: lines.first?.number ?? 1, reason: "A session description begins with \"v=0\".")
        }
        var session = SectionDraft(media: nil, line: first.number)
        var drafts: [SectionDraft] = []
        for line in lines {
            switch line.type {
            case UInt8(ascii: "m"):
                guard drafts.count < Self.maximumSections else {
                    throw .malformed(
                        line: line.number, reason: "There are more than \(Self.maximumSections) m-lines."
                    )
                }
                drafts.append(
                    SectionDraft(
                        media: try MediaLine(parsing: line.value, line: line.number), line: line.number)
                )
            case UInt8(ascii: "a"):
                if drafts.isEmpty {
                    try session.read(line)
                } else {
                    try drafts[drafts.count - 1].read(line)
                }
            default:
                continue
            }
        }
        try Self.checkMIDs(of: drafts)
        try Self.checkExtensions(of: drafts, bundle: Set(session.bundle))
        sections = drafts.enumerated().map { $1.section(at: $0, inheriting: session) }
        bundle = session.bundle
        iceUfrag = session.iceUfrag
        icePwd = session.icePwd
        isICELite = session.isICELite
        fingerprints = session.fingerprints
        setup = session.setup
        direction = session.direction
        extensions = session.extensions
        allowsMixedExtensions = session.allowsMixedExtensions
    }

    private static func checkMIDs(of drafts: [SectionDraft]) throws(SDPError) {
        var seen: Set<String> = []
        for (index, draft) in drafts.enumerated() {
            guard seen.insert(draft.mid ?? String(index)).inserted else {
                throw .malformed(
                    line: draft.midLine ?? draft.lineNumber,
                    reason:
                        "The mid \(Substring(draft.mid ?? String(index)).quoted) is taken by an earlier m-line; "
                        + "every m-line needs its own."
                )
            }
        }
    }

    // RFC 9143 section 15: bundled m-lines share one numbering of header extensions.
    private static func checkExtensions(of drafts: [SectionDraft], bundle: Set<String>) throws(SDPError) {
        var meanings: [UInt8: String] = [:]
        for (index, draft) in drafts.enumerated() where bundle.contains(draft.mid ?? String(index)) {
            for (mapping, line) in zip(draft.extensions, draft.extensionLines) {
                if let meaning = meanings.updateValue(mapping.uri, forKey: mapping.id), meaning != mapping.uri
                {
                    throw .malformed(
                        line: line,
                        reason:
                            "a=extmap:\(mapping.id) is \(Substring(meaning).quoted) in an earlier m-line of "
                            + "the BUNDLE group; all of them need the same numbers."
                    )
                }
            }
        }
    }
}
