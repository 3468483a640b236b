package import Wire

/// A fragment of a session description, as WHIP and WHEP clients send it to add candidates or to restart ICE
/// (RFC 8840 section 9, RFC 9725 section 4.3).
package struct TrickleFragment: Hashable, Sendable {
    /// The first user fragment of the text, for whichever m-line: all are bundled.
    package let ufrag: String?
    package let pwd: String?
    /// The candidates by the mid of the m-line that they stand under; those before any `a=mid` under "".
    package let candidates: [String: [ICECandidate]]
    /// Whether the client will not send more.
    package let endOfCandidates: Bool

    /// Parses the body of a PATCH request. Lines that are not known are passed over.
    package init(parsing text: String) throws(SDPError) {
        var ufrag: String?
        var pwd: String?
        var candidates: [String: [ICECandidate]] = [:]
        var endOfCandidates = false
        var mid = ""
        for line in try TextLine.lines(of: text) {
            guard line.type == UInt8(ascii: "a") else {
                if line.type == UInt8(ascii: "m") { mid = "" }
                continue
            }
            let (name, argument) = line.value.cut(at: UInt8(ascii: ":"))
            let value = argument ?? ""
            switch name {
            case "mid":
                mid = String(value)
            case "ice-ufrag" where ufrag == nil:
                try ICECredentials.check(ufrag: String(value), line: line.number)
                ufrag = String(value)
            case "ice-pwd" where pwd == nil:
                try ICECredentials.check(pwd: String(value), line: line.number)
                pwd = String(value)
            case "candidate":
                if let candidate = ICECandidate(parsing: value) {
                    candidates[mid, default: []].append(candidate)
                }
            case "end-of-candidates":
                endOfCandidates = true
            default:
                continue
            }
        }
        self.ufrag = ufrag
        self.pwd = pwd
        self.candidates = candidates
        self.endOfCandidates = endOfCandidates
    }

    /// The body with which the node answers an ICE restart; `mid` is that of the first accepted section.
    package static func restartAnswer(
        ufrag: String, pwd: String, candidates: [SocketAddress], mid: String
    ) -> String {
        let lines =
            [
                "a=ice-lite",
                "a=ice-ufrag:\(ufrag)",
                "a=ice-pwd:\(pwd)",
                // RFC 8840 section 9: the m-line only carries the mid; its format is of no meaning.
                "m=audio 9 UDP/TLS/RTP/SAVPF 0",
                "a=mid:\(mid)",
            ] + ICECandidate.lines(forHosts: candidates)
        return lines.joined(separator: "\r\n") + "\r\n"
    }
}
