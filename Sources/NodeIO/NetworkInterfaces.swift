import CLinux
import Glibc
package import Wire

/// The machine's own addresses.
package enum NetworkInterfaces {
    /// The addresses by which others can reach this machine, IPv4 first; loopback if it has no others.
    package static func addresses() -> [SocketAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&first) == 0 else { return [loopback] }
        defer { unsafe freeifaddrs(first) }
        var found: [SocketAddress] = []
        var next = unsafe first
        while let interface = unsafe next {
            unsafe next = interface.pointee.ifa_next
            let flags = unsafe Int32(bitPattern: interface.pointee.ifa_flags)
            guard flags & Int32(IFF_UP) != 0, let raw = unsafe interface.pointee.ifa_addr else { continue }
            var storage = sockaddr_storage()
            let family = unsafe Int32(raw.pointee.sa_family)
            let length = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            guard family == AF_INET || family == AF_INET6 else { continue }
            unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: length))
            }
            // Link-local addresses mean nothing without a zone, which candidates cannot carry.
            guard let address = SocketAddress(storage)?.with(port: 0), !address.isLoopback,
                address.scope == 0,
                address.high >> 54 != 0x3FA, !found.contains(address)
            else { continue }
            found.append(address)
        }
        let sorted = found.filter { $0.ipv4 != nil } + found.filter { $0.ipv4 == nil }
        return sorted.isEmpty ? [loopback] : sorted
    }

    private static let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)
}
