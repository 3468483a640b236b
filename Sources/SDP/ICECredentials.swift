/// The limits that RFC 8839 section 5.4 sets to user fragments and passwords.
enum ICECredentials {
    static let ufragLengths = 4...256
    static let pwdLengths = 22...256

    /// Refuses a user fragment that is too short or too long, or has other characters than letters, digits, +
    /// and /.
    static func check(ufrag: String, line: Int) throws(SDPError) {
        try check(ufrag, lengths: ufragLengths, name: "ice-ufrag", line: line)
    }

    /// The same for a password.
    static func check(pwd: String, line: Int) throws(SDPError) {
        try check(pwd, lengths: pwdLengths, name: "ice-pwd", line: line)
    }

    private static func check(
        _ text: String, lengths: ClosedRange<Int>, name: String, line: Int
    ) throws(SDPError) {
        guard lengths.contains(text.utf8.count) else {
            throw .unacceptable(
                line: line,
                reason: "a=\(name) has \(text.utf8.count) characters; "
                    + "\(lengths.lowerBound) to \(lengths.upperBound) are allowed."
            )
        }
        let isAllowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard isAllowed else {
            throw .unacceptable(
                line: line, reason: "a=\(name) may only have letters, digits, \"+\" and \"/\"."
            )
        }
    }
}
