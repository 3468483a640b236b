import CLinux
import Glibc
package import Wire

/// The receive slab of one worker: one system call fills it with a batch of datagrams, joined ones among them.
@safe
package struct Inbox: ~Copyable {
    private static let messageLimit = 32
    /// A joined datagram is one IP packet at most.
    private static let messageSize = 65_536

    private let slab: UnsafeMutablePointer<UInt8>
    private let messages: UnsafeMutablePointer<smartc_message>
    private let pieces: UnsafeMutablePointer<iovec>

    package init() {
        unsafe slab = .allocate(capacity: Self.messageLimit * Self.messageSize)
        unsafe messages = .allocate(capacity: Self.messageLimit)
        unsafe messages.initialize(repeating: smartc_message(), count: Self.messageLimit)
        unsafe pieces = .allocate(capacity: Self.messageLimit)
        for index in 0..<Self.messageLimit {
            unsafe (pieces + index).initialize(
                to: iovec(iov_base: slab + index * Self.messageSize, iov_len: Self.messageSize))
        }
    }

    deinit {
        unsafe slab.deallocate()
        unsafe messages.deallocate()
        unsafe pieces.deallocate()
    }

    /// Reads one batch and calls `body` for every datagram. Returns how many messages there were.
    package mutating func receive(
        from descriptor: Int32, _ body: (inout MutableSpan<UInt8>, SocketAddress) -> Void
    ) -> Int {
        receiveStamped(from: descriptor) { datagram, source, _ in body(&datagram, source) }
    }

    /// Reads one batch as `receive` does, and says how long ago each datagram reached the socket: zero unless the socket
    /// was opened to note that.
    package mutating func receiveStamped(
        from descriptor: Int32, _ body: (inout MutableSpan<UInt8>, SocketAddress, _ age: Duration) -> Void
    ) -> Int {
        for index in 0..<Self.messageLimit {
            unsafe smartc_message_prepare(messages + index, pieces + index, 1)
        }
        let count = unsafe Int(smartc_receive(descriptor, messages, Int32(Self.messageLimit)))
        guard count > 0 else { return 0 }
        for index in 0..<count {
            let length = unsafe Int(messages[index].header.msg_len)
            guard length > 0,
                let source = unsafe SocketAddress(messages[index].address)?.withLocal(of: messages + index)
            else { continue }
            let joined = unsafe Int(smartc_message_segment(messages + index))
            let age = unsafe MonotonicClock.age(ofRealTime: smartc_message_timestamp(messages + index))
            let size = joined > 0 ? joined : length
            var offset = 0
            while offset < length {
                let end = min(offset + size, length)
                let start = unsafe slab + index * Self.messageSize + offset
                var datagram = unsafe MutableSpan(_unsafeStart: start, count: end - offset)
                body(&datagram, source, age)
                offset = end
            }
        }
        return count
    }
}
