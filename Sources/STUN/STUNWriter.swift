package import Wire

/// Writes the messages that ICE sends. Each is appended to `output` as a whole, MESSAGE-INTEGRITY and
/// FINGERPRINT last. That there is room is the caller's promise: `maximumLength` bytes are always enough.
package enum STUNWriter {
    /// No message gets longer as long as reasons have at most 127 bytes and user names at most 508 (RFC 8489
    /// sections 14.8 and 14.3), and at most eight unknown attributes are reported.
    package static let maximumLength = 640

    /// Answers a request (RFC 8445 section 7.3.1.2): `mappedAddress` is where it came from, `password` is our
    /// own.
    package static func bindingSuccess(
        transaction: TransactionID, mappedAddress: SocketAddress, password: Span<UInt8>,
        into output: inout OutputSpan<UInt8>
    ) {
        let start = begin(.success, transaction, into: &output)
        append(.xorMappedAddress, length: XORMappedAddress.length(of: mappedAddress), into: &output)
        XORMappedAddress.append(mappedAddress, transaction, into: &output)
        protect(from: start, password: password, into: &output)
        finish(from: start, into: &output)
    }

    /// Refuses a request: 400 bad request, 401 unauthenticated, 420 unknown attribute (with the list), 487
    /// role conflict. `password` is our own, or nil when the request could not be authenticated: the refusal
    /// is not protected then (RFC 8489 section 9.1.3).
    package static func bindingError(
        transaction: TransactionID, code: UInt16, reason: String, unknownAttributes: [UInt16] = [],
        password: Span<UInt8>?, into output: inout OutputSpan<UInt8>
    ) {
        precondition((300...699).contains(code), "an error code is between 300 and 699")
        let start = begin(.error, transaction, into: &output)
        append(.errorCode, length: 4 + reason.utf8.count, into: &output)
        output.append(bigEndian: 0 as UInt16)
        output.append(UInt8(code / 100))
        output.append(UInt8(code % 100))
        for byte in reason.utf8 { output.append(byte) }
        pad(from: start, into: &output)
        if !unknownAttributes.isEmpty {
            append(.unknownAttributes, length: 2 * unknownAttributes.count, into: &output)
            for type in unknownAttributes { output.append(bigEndian: type) }
            pad(from: start, into: &output)
        }
        if let password { protect(from: start, password: password, into: &output) }
        finish(from: start, into: &output)
    }

    /// Asks whether a path works (RFC 8445 section 7.2.2). `username` is `remote:local` seen from here,
    /// `password` is the remote's; `useCandidate` nominates the path and is the controlling side's.
    package static func bindingRequest(
        transaction: TransactionID, username: String, password: Span<UInt8>, priority: UInt32,
        tieBreaker: UInt64,
        isControlling: Bool, useCandidate: Bool, into output: inout OutputSpan<UInt8>
    ) {
        let start = begin(.request, transaction, into: &output)
        append(.username, length: username.utf8.count, into: &output)
        for byte in username.utf8 { output.append(byte) }
        pad(from: start, into: &output)
        append(.priority, length: 4, into: &output)
        output.append(bigEndian: priority)
        append(isControlling ? .iceControlling : .iceControlled, length: 8, into: &output)
        output.append(bigEndian: tieBreaker)
        if useCandidate { append(.useCandidate, length: 0, into: &output) }
        protect(from: start, password: password, into: &output)
        finish(from: start, into: &output)
    }

    /// Keeps a path open without asking for an answer (RFC 8445 section 11).
    package static func bindingIndication(transaction: TransactionID, into output: inout OutputSpan<UInt8>) {
        let start = begin(.indication, transaction, into: &output)
        finish(from: start, into: &output)
    }

    // MARK: - Parts of a message

    /// Appends the header and returns where it begins.
    private static func begin(
        _ messageClass: STUNMessage.Class, _ transaction: TransactionID, into output: inout OutputSpan<UInt8>
    ) -> Int {
        let start = output.count
        output.append(bigEndian: STUNHeader.type(of: messageClass, method: STUNMessage.binding))
        output.append(bigEndian: 0 as UInt16)
        output.append(bigEndian: STUNHeader.magicCookie)
        output.append(bigEndian: transaction.high)
        output.append(bigEndian: transaction.low)
        return start
    }

    private static func append(_ type: AttributeType, length: Int, into output: inout OutputSpan<UInt8>) {
        output.append(bigEndian: type.rawValue)
        output.append(bigEndian: UInt16(length))
    }

    private static func pad(from start: Int, into output: inout OutputSpan<UInt8>) {
        while (output.count - start) % 4 != 0 { output.append(0) }
    }

    private static func protect(from start: Int, password: Span<UInt8>, into output: inout OutputSpan<UInt8>)
    {
        storeLength(from: start, with: MessageIntegrity.attributeLength, into: &output)
        let code = MessageIntegrity.code(of: output.span.extracting(start...), password: password)
        append(.messageIntegrity, length: MessageIntegrity.length, into: &output)
        for index in code.indices { output.append(code[index]) }
    }

    private static func finish(from start: Int, into output: inout OutputSpan<UInt8>) {
        storeLength(from: start, with: 8, into: &output)
        let fingerprint = Fingerprint.value(of: output.span.extracting(start...))
        append(.fingerprint, length: 4, into: &output)
        output.append(bigEndian: fingerprint)
    }

    /// Makes the length field count what is written and an attribute of `attributeLength` bytes to come.
    private static func storeLength(
        from start: Int, with attributeLength: Int, into output: inout OutputSpan<UInt8>
    ) {
        let length = output.count - start - STUNHeader.length + attributeLength
        var written = output.mutableSpan
        written.store(UInt16(length), at: start + 2)
    }
}
