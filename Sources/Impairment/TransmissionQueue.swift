/// The datagrams that wait for the link, the one in transmission first.
struct TransmissionQueue {
    private var items: [(datagram: Datagram, number: Int)] = []
    /// Those before have been removed; the room is reclaimed from time to time.
    private var head = 0
    /// The payload of all, in bytes.
    private(set) var bytes = 0

    var count: Int { items.count - head }

    var first: Datagram? { head < items.count ? items[head].datagram : nil }

    /// The payload of all but the first, in bytes.
    var bytesBehindHead: Int { bytes - (first?.bytes.count ?? 0) }

    mutating func append(_ datagram: Datagram, number: Int) {
        items.append((datagram, number))
        bytes += datagram.bytes.count
    }

    mutating func removeFirst() -> (datagram: Datagram, number: Int)? {
        guard head < items.count else { return nil }
        let item = items[head]
        head += 1
        bytes -= item.datagram.bytes.count
        if head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return item
    }
}
