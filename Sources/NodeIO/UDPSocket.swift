import CLinux
import Glibc
package import Wire

/// One bound UDP socket for both IP versions, read and written in batches.
///
/// Where the kernel has them, arriving datagrams of equal size come joined (`UDP_GRO`) and leaving ones go as one
/// segmented send (`UDP_SEGMENT`); where it refuses, datagrams go one by one.
@safe
package struct UDPSocket: ~Copyable {
    /// Messages that one system call takes.
    package static let largestBatch = 64
    /// The kernel's limits for one segmented send: 64 segments and one IP packet.
    private static let segmentLimit = 64
    private static let segmentedBytes = 65_000
    private static let bufferBytes: Int32 = 8 << 20

    package let descriptor: Int32
    package let port: UInt16
    private let isIPv6: Bool
    private(set) var hasSegmentation: Bool
    package let hasReceiveOffload: Bool
    /// What the kernel granted, bytes.
    package let receiveBuffer: Int
    package let sendBuffer: Int

    private let batch: Int
    private let outgoing: UnsafeMutablePointer<smartc_message>
    private let pieces: UnsafeMutablePointer<iovec>

    /// Binds to all addresses, or to `address` alone.
    ///
    /// - Parameters:
    ///   - port: 0 lets the kernel choose.
    ///   - answersFromSameAddress: whether datagrams leave from the address that the remote sends to, rather than from
    ///     the one that the routing table prefers. Servers on several addresses need that; source addresses carry it.
    ///   - notesArrival: whether the kernel notes when datagrams arrive, for `Inbox.receiveStamped`.
    ///   - batch: how many messages are prepared for one system call, at most `largestBatch`; each takes a kilobyte.
    package init(
        address: SocketAddress? = nil, port: UInt16, answersFromSameAddress: Bool = false,
        notesArrival: Bool = false, batch: Int = UDPSocket.largestBatch
    ) throws(RelayError) {
        let (descriptor, isIPv6) = try Self.open(address: address, port: port)
        if answersFromSameAddress { smartc_set_packet_info(descriptor, isIPv6 ? 1 : 0) }
        if notesArrival { smartc_set_timestamps(descriptor) }
        self.descriptor = descriptor
        self.isIPv6 = isIPv6
        self.port = Self.boundPort(of: descriptor)
        receiveBuffer = Self.enlarge(descriptor, SO_RCVBUF)
        sendBuffer = Self.enlarge(descriptor, SO_SNDBUF)
        hasReceiveOffload = smartc_set_udp_gro(descriptor) == 0
        hasSegmentation = smartc_has_udp_segment(descriptor) != 0
        self.batch = min(max(batch, 1), Self.largestBatch)
        unsafe outgoing = .allocate(capacity: self.batch)
        unsafe outgoing.initialize(repeating: smartc_message(), count: self.batch)
        unsafe pieces = .allocate(capacity: self.batch * Self.segmentLimit)
        unsafe pieces.initialize(repeating: iovec(), count: self.batch * Self.segmentLimit)
    }

    deinit {
        close(descriptor)
        unsafe outgoing.deallocate()
        unsafe pieces.deallocate()
    }

    // MARK: - Sending

    /// Sends everything in the outbox and empties it. Returns how many datagrams the kernel refused.
    package mutating func flush(_ outbox: inout Outbox) -> Int {
        guard !outbox.isEmpty else { return 0 }
        var refused = 0
        var used = 0
        unsafe outbox.withSlab { slab in
            var first = 0
            for index in outbox.entries.indices where outbox.entries[index].startsChain {
                var next: Int? = index
                while let start = next {
                    let run = unsafe stage(from: start, in: outbox.entries, slab, at: used, piece: first)
                    next = run.next
                    first += run.count
                    used += 1
                    if used == batch {
                        refused += transmit(used)
                        used = 0
                        first = 0
                    }
                }
            }
        }
        if used > 0 { refused += transmit(used) }
        outbox.removeAll()
        return refused
    }

    /// Prepares one message of as many datagrams of a chain as go together, and returns where the chain goes on.
    private func stage(
        from start: Int, in entries: [Outbox.Entry], _ slab: UnsafeRawBufferPointer, at message: Int,
        piece first: Int
    ) -> (next: Int?, count: Int) {
        let size = entries[start].length
        var count = 0
        var bytes = 0
        var next: Int? = start
        while let index = next {
            let entry = entries[index]
            // All segments are of one size, only the last may be shorter.
            let fits =
                hasSegmentation && entry.address == entries[start].address && entry.length <= size
                && count < Self.segmentLimit && bytes + entry.length <= Self.segmentedBytes
            guard count == 0 || fits else { break }
            unsafe pieces[first + count] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: slab.baseAddress)?.advanced(by: entry.offset),
                iov_len: entry.length)
            count += 1
            bytes += entry.length
            next = entry.next
            if entry.length < size { break }
        }
        unsafe smartc_message_prepare(outgoing + message, pieces + first, count)
        unsafe entries[start].address.setControl(
            of: outgoing + message, segment: count > 1 ? UInt16(size) : 0, isIPv6: isIPv6)
        unsafe outgoing[message].header.msg_hdr.msg_namelen = entries[start].address.write(
            to: &outgoing[message].address, isIPv6: isIPv6)
        return (next, count)
    }

    /// Hands the first `count` messages to the kernel. Returns how many datagrams it refused.
    private mutating func transmit(_ count: Int) -> Int {
        var done = 0
        var refused = 0
        while done < count {
            let result = unsafe smartc_send(descriptor, outgoing + done, Int32(count - done))
            if result > 0 {
                done += Int(result)
                continue
            }
            let pieces = unsafe Int(outgoing[done].header.msg_hdr.msg_iovlen)
            if pieces > 1, result == -EIO || result == -EINVAL || result == -EOPNOTSUPP {
                // The device cannot segment (EIO, EOPNOTSUPP), or this size does not fit its MTU (EINVAL).
                if result != -EINVAL { hasSegmentation = false }
                refused += unsafe sendSingly(outgoing + done, pieces)
            } else {
                refused += pieces
            }
            done += 1
        }
        return refused
    }

    /// Sends the pieces of a message that was to be segmented one by one.
    private func sendSingly(_ message: UnsafeMutablePointer<smartc_message>, _ count: Int) -> Int {
        guard let pieces = unsafe message.pointee.header.msg_hdr.msg_iov else { return count }
        var refused = 0
        if let target = unsafe SocketAddress(message.pointee.address) {
            unsafe target.withLocal(of: message).setControl(of: message, segment: 0, isIPv6: isIPv6)
        }
        for index in 0..<count {
            unsafe message.pointee.header.msg_hdr.msg_iov = pieces + index
            unsafe message.pointee.header.msg_hdr.msg_iovlen = 1
            if unsafe smartc_send(descriptor, message, 1) != 1 { refused += 1 }
        }
        return refused
    }

    // MARK: - Opening

    private static func open(
        address: SocketAddress?, port: UInt16
    ) throws(RelayError) -> (descriptor: Int32, isIPv6: Bool) {
        var target = address?.with(port: port) ?? SocketAddress(high: 0, low: 0, port: port)
        for family in [AF_INET6, AF_INET] {
            let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            // A kernel without IPv6 has no such sockets.
            guard descriptor >= 0 else { continue }
            var off: Int32 = 0
            if family == AF_INET6 {
                unsafe setsockopt(
                    descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
            } else if address == nil {
                target = SocketAddress(ipv4: 0, port: port)
            }
            var storage = sockaddr_storage()
            let length = target.write(to: &storage, isIPv6: family == AF_INET6)
            let status = unsafe withUnsafePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, length)
                }
            }
            let cause = errno
            if status == 0, smartc_set_nonblocking(descriptor) == 0 {
                return (descriptor, family == AF_INET6)
            }
            close(descriptor)
            if family == AF_INET || cause != EADDRNOTAVAIL && cause != EAFNOSUPPORT {
                throw .bind(target, cause)
            }
        }
        throw .system("socket", errno)
    }

    private static func boundPort(of descriptor: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        return SocketAddress(storage)?.port ?? 0
    }

    /// Asks for megabytes, as the default of 208 kB is a few milliseconds of a busy room, and returns what was given.
    private static func enlarge(_ descriptor: Int32, _ option: Int32) -> Int {
        var size = bufferBytes
        let length = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, option, &size, length)
        // SO_RCVBUFFORCE and SO_SNDBUFFORCE pass the administrator's limit where the process may.
        let forced = option == SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE
        unsafe setsockopt(descriptor, SOL_SOCKET, forced, &size, length)
        var granted: Int32 = 0
        var grantedLength = length
        unsafe getsockopt(descriptor, SOL_SOCKET, option, &granted, &grantedLength)
        // The kernel doubles the value for its own bookkeeping (socket(7)).
        return Int(granted) / 2
    }
}

extension SocketAddress {
    /// The address that the kernel filled in; nil for families other than IP.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        let read: SocketAddress? = unsafe withUnsafeBytes(of: &storage) { bytes in
            let family = unsafe bytes.loadUnaligned(as: sa_family_t.self)
            switch Int32(family) {
            case AF_INET:
                let address = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
                return SocketAddress(
                    ipv4: UInt32(bigEndian: address.sin_addr.s_addr),
                    port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                let address = unsafe bytes.loadUnaligned(as: sockaddr_in6.self)
                let high = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                let low = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                return SocketAddress(
                    high: UInt64(bigEndian: high), low: UInt64(bigEndian: low),
                    port: UInt16(bigEndian: address.sin6_port), scope: address.sin6_scope_id)
            default:
                return nil
            }
        }
        guard let read else { return nil }
        self = read
    }

    /// The same address with the own one that a datagram was sent to, if the kernel said.
    func withLocal(of message: UnsafePointer<smartc_message>) -> SocketAddress {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        var span = bytes.mutableSpan
        let isKnown = unsafe span.withUnsafeMutableBufferPointer {
            unsafe smartc_message_local(message, $0.baseAddress) != 0
        }
        guard isKnown else { return self }
        var address = self
        address.localHigh = bytes.span.uint64(at: 0)
        address.localLow = bytes.span.uint64(at: 8)
        return address
    }

    /// Makes a message leave from the own address, cut into segments of a size other than 0.
    func setControl(of message: UnsafeMutablePointer<smartc_message>, segment: UInt16, isIPv6: Bool) {
        guard hasLocal else {
            unsafe smartc_message_set_control(message, segment, nil, isIPv6 ? 1 : 0)
            return
        }
        let halves = (localHigh.bigEndian, localLow.bigEndian)
        unsafe withUnsafeBytes(of: halves) { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe smartc_message_set_control(message, segment, start, isIPv6 ? 1 : 0)
        }
    }

    /// Writes the address as the socket's family wants it and returns its length.
    func write(to storage: inout sockaddr_storage, isIPv6: Bool) -> socklen_t {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            if !isIPv6 {
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = (ipv4 ?? 0).bigEndian
                unsafe bytes.storeBytes(of: address, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            }
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_scope_id = scope
            unsafe bytes.storeBytes(of: address, as: sockaddr_in6.self)
            unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }
}
