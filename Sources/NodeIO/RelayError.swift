import Glibc
package import Wire

/// Why the media side could not start.
package enum RelayError: Error, CustomStringConvertible {
    /// A UDP port cannot be bound: the address and errno.
    case bind(SocketAddress, Int32)
    /// A system call failed: its name and errno.
    case system(String, Int32)
    /// OpenSSL or libsrtp could not be set up.
    case library(String)

    package var description: String {
        switch self {
        case .bind(let address, let cause):
            let advice =
                cause == EADDRINUSE
                ? "Another program has the port: choose another with --udp-port, or stop that program."
                : "Choose another port with --udp-port."
            return "UDP \(address) cannot be bound: \(Self.text(cause)). \(advice)"
        case .system(let call, let cause):
            return "\(call) failed: \(Self.text(cause))."
        case .library(let what):
            return "\(what) could not be made by the cryptographic library."
        }
    }

    private static func text(_ cause: Int32) -> String {
        switch cause {
        case EADDRINUSE: "address already in use"
        case EADDRNOTAVAIL: "the address is not one of this machine"
        case EACCES: "permission denied"
        case EMFILE, ENFILE: "too many open files"
        case ENOMEM: "out of memory"
        default: "error \(cause)"
        }
    }
}
