import Signaling

/// Tokens of the rooms' controller. The input is a token as it is, which nobody has sealed, and the claims of one that is sealed
/// rightly, so that it gets past the seal.
enum GrantTarget {
    private static let key = GrantKey(bytes: [UInt8](repeating: 0x61, count: 32))

    static func run(_ input: Span<UInt8>) {
        guard let key else { preconditionFailure("32 bytes are a key") }
        let bytes = [UInt8](capacity: input.count) { output in
            for index in 0..<input.count { output.append(input[index]) }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        precondition((try? Grant(token: text, sealedWith: key, at: 0)) == nil, "nobody guesses a seal")
        let token = Grant.token(claims: bytes, sealedWith: key)
        guard let grant = try? Grant(token: token, sealedWith: key, at: 0) else { return }
        let copy = try? Grant(token: grant.token(sealedWith: key), sealedWith: key, at: 0)
        precondition(copy == grant, "what is written reads the same")
    }
}
