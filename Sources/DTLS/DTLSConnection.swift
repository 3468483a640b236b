import CDTLSClock
import COpenSSL
package import Wire

/// One DTLS-SRTP association (RFC 6347, RFC 5764) over OpenSSL's memory BIOs: datagrams and a time go in, datagrams
/// and one outcome come out.
///
///     handshaking --keys and right fingerprint--> established --close_notify--> closed
///          '------------------failure---------------------------------------------^
///
/// Once the remote has shown that it has the keys, `release` gives OpenSSL's memory back. OpenSSL runs the handshake and its retransmission timer; the timer's clock is the injected one (`CDTLSClock`).
@safe
package struct DTLSConnection: ~Copyable {
    package enum Role: Sendable {
        case client, server
    }

    /// What a call brought about.
    package enum Outcome: Sendable {
        case nothing
        case established(SRTPKeyingMaterial)
        case failed(DTLSFailure)
        case closed
    }

    private enum State {
        case handshaking, established, closed
    }

    /// The largest datagram we send: what every path of the Internet carries with room for tunnels.
    package static let usualMTU = 1200
    /// OpenSSL takes a timer that ends at time 0 for none, so its clock starts here.
    private static let clockOrigin: Int64 = 1_000_000_000_000_000

    /// Nil after `release`.
    private var ssl: OpaquePointer?
    private let input: OpaquePointer
    private let output: OpaquePointer
    private let fingerprints: [RemoteFingerprint]
    private let role: Role
    private let mtu: Int
    private var state = State.handshaking
    private var timeouts = 0
    private var alerts: AlertChannel?

    /// When `advance` wants to be called next.
    package private(set) var deadline: Instant?

    /// - Parameters:
    ///   - fingerprints: those of the remote's SDP; one that matches is enough (RFC 8122 section 5).
    ///   - mtu: the size of the largest datagram to send.
    package init(
        role: Role, fingerprints: [RemoteFingerprint], context: borrowing DTLSContext, mtu: Int = usualMTU
    ) throws(DTLSError) {
        guard let connection = unsafe SSL_new(context.handle) else { throw .library("a DTLS connection") }
        guard let read = unsafe BIO_new(BIO_s_mem()), let write = unsafe BIO_new(BIO_s_mem()) else {
            unsafe SSL_free(connection)
            throw .library("a memory BIO")
        }
        unsafe SSL_set_bio(connection, read, write)
        unsafe smartc_ssl_set_mtu(connection, mtu)
        unsafe smartc_ssl_set_timer(connection)
        switch role {
        case .client: unsafe SSL_set_connect_state(connection)
        case .server: unsafe SSL_set_accept_state(connection)
        }
        self.role = role
        self.mtu = mtu
        self.fingerprints = fingerprints
        unsafe ssl = connection
        unsafe input = read
        unsafe output = write
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    /// Sends the first flight of a client; a server has nothing to send before it is spoken to.
    package mutating func start(at now: Instant, send: (Span<UInt8>) -> Void) -> Outcome {
        guard role == .client, state == .handshaking else { return .nothing }
        return proceed(at: now, send: send)
    }

    /// Takes one datagram and sends what it calls for.
    package mutating func receive(
        _ datagram: Span<UInt8>, at now: Instant, send: (Span<UInt8>) -> Void
    ) -> Outcome {
        guard state != .closed, datagram.count > 0 else { return .nothing }
        if let alerts {
            guard alerts.announcesEnd(datagram) else { return .nothing }
            state = .closed
            return .closed
        }
        _ = unsafe datagram.withUnsafeBufferPointer { bytes in
            unsafe BIO_write(input, bytes.baseAddress, Int32(bytes.count))
        }
        return proceed(at: now, send: send)
    }

    /// Resends a flight whose answer is overdue.
    package mutating func advance(to now: Instant, send: (Span<UInt8>) -> Void) -> Outcome {
        guard let due = deadline, due <= now, state == .handshaking else { return .nothing }
        Self.setClock(now)
        defer { smartc_dtls_clock_clear() }
        let result = unsafe smartc_dtls_handle_timeout(ssl)
        // 0: OpenSSL's timer, which counts in microseconds, is not quite up.
        if result != 0 { timeouts += 1 }
        if result < 0 || timeouts > 10 {
            return fail(.timeout)
        }
        flush(send)
        updateDeadline(now)
        return .nothing
    }

    /// Tells the remote that the association ends (close_notify).
    package mutating func close(send: (Span<UInt8>) -> Void) {
        guard state == .established else { return }
        state = .closed
        if let alerts {
            if let datagram = alerts.closeNotify() { send(datagram.span) }
            return
        }
        // Reading makes the record buffers anew, which OpenSSL's DTLS does not do before it writes.
        var scratch: [UInt8] = [0]
        unsafe SSL_read(ssl, &scratch, 1)
        unsafe SSL_shutdown(ssl)
        flush(send)
    }

    /// Gives back what the handshake needed, 31 kB of OpenSSL's. To be called once the remote has sent something under
    /// the new keys: it will not need our last flight again.
    package mutating func release() {
        guard state == .established, let ssl = unsafe ssl,
            let channel = unsafe AlertChannel(of: ssl, role: role)
        else { return }
        alerts = channel
        unsafe SSL_free(ssl)
        unsafe self.ssl = nil
    }

    // MARK: - Private

    private static func setClock(_ now: Instant) {
        smartc_dtls_clock_set(now.nanoseconds &+ clockOrigin)
    }

    private mutating func proceed(at now: Instant, send: (Span<UInt8>) -> Void) -> Outcome {
        Self.setClock(now)
        defer { smartc_dtls_clock_clear() }
        ERR_clear_error()
        switch state {
        case .handshaking:
            let result = unsafe SSL_do_handshake(ssl)
            flush(send)
            if result == 1 {
                let outcome = establish()
                flush(send)
                return outcome
            }
            if unsafe SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ {
                return fail(
                    unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 ? .alert : Self.failureCause())
            }
            updateDeadline(now)
            return .nothing
        case .established:
            return drain(send)
        case .closed:
            return .nothing
        }
    }

    /// Reads alerts and retransmitted flights; application data has no place here and is thrown away.
    private mutating func drain(_ send: (Span<UInt8>) -> Void) -> Outcome {
        var scratch: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        while unsafe SSL_read(ssl, &scratch, Int32(scratch.count)) > 0 {}
        flush(send)
        guard unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 else {
            releaseBuffers()
            return .nothing
        }
        state = .closed
        return .closed
    }

    private mutating func establish() -> Outcome {
        deadline = nil
        guard hasRightFingerprint() else {
            // Told, so that the remote does not take itself for connected.
            unsafe SSL_shutdown(ssl)
            return fail(.fingerprintMismatch)
        }
        guard let profile = unsafe SSL_get_selected_srtp_profile(ssl),
            let known = unsafe SRTPProfile(rawValue: UInt16(truncatingIfNeeded: profile.pointee.id))
        else { return fail(.noSRTPProfile) }
        // RFC 5764 section 4.2: client key, server key, client salt, server salt.
        let size = 2 * (known.keyLength + known.saltLength)
        var material = [UInt8](repeating: 0, count: size)
        let label = "EXTRACTOR-dtls_srtp"
        guard unsafe SSL_export_keying_material(ssl, &material, size, label, label.utf8.count, nil, 0, 0) == 1
        else { return fail(.handshake) }
        state = .established
        releaseBuffers()
        return .established(SRTPKeyingMaterial(profile: known, material: material, isClient: role == .client))
    }

    private func hasRightFingerprint() -> Bool {
        guard let x509 = unsafe SSL_get1_peer_certificate(ssl) else { return false }
        defer { unsafe X509_free(x509) }
        return fingerprints.contains { fingerprint in
            unsafe Certificate.digest(of: x509, algorithm: fingerprint.algorithm) == fingerprint.bytes
        }
    }

    /// Gives back the record buffers, which are made anew if another datagram comes.
    private func releaseBuffers() {
        unsafe SSL_free_buffers(ssl)
    }

    private mutating func fail(_ cause: DTLSFailure) -> Outcome {
        state = .closed
        deadline = nil
        return .failed(cause)
    }

    private static func failureCause() -> DTLSFailure {
        let code = ERR_peek_error()
        // An alert of the remote is reported as 1000 + its number (RFC 8446 section 6).
        return (1000..<1256).contains(code & 0x7F_FFFF) ? .alert : .handshake
    }

    private mutating func updateDeadline(_ now: Instant) {
        var left = timeval()
        deadline =
            unsafe smartc_dtls_get_timeout(ssl, &left) == 1
            ? now + .seconds(Int64(left.tv_sec)) + .microseconds(Int64(left.tv_usec)) : nil
    }

    /// Hands out what OpenSSL wrote. Its memory BIO joins records, so they are told apart by their length fields
    /// (RFC 6347 section 4.1) and packed into datagrams.
    private func flush(_ send: (Span<UInt8>) -> Void) {
        let pending = unsafe smartc_bio_pending(output)
        guard pending > 0 else { return }
        var bytes = [UInt8](repeating: 0, count: pending)
        let count = unsafe Int(BIO_read(output, &bytes, Int32(pending)))
        let span = bytes.span
        var start = 0
        var end = 0
        while end + 13 <= count {
            let next = end + 13 + Int(span.uint16(at: end + 11))
            guard next <= count else { break }
            if next - start > mtu, end > start {
                send(span.extracting(start..<end))
                start = end
            }
            end = next
        }
        if end > start {
            send(span.extracting(start..<end))
        }
    }
}
