import CLinux
import Wire

/// Looks at a machine before a relay runs on it, and says what to change.
package enum MachineCheck {
    /// What one thing looks like.
    package struct Finding: Sendable {
        package enum State: String, Sendable {
            case ok, warning, failed
        }

        package let name: String
        package let state: State
        package let detail: String
        /// What to do about it; nil when there is nothing to do.
        package let advice: String?

        package init(name: String, state: State, detail: String, advice: String? = nil) {
            self.name = name
            self.state = state
            self.detail = detail
            self.advice = advice
        }
    }

    /// Bytes of socket buffer for each direction: a quarter of a second of 100 Mbit/s.
    package static let wantedBuffer = 4 << 20
    /// Descriptors for HTTP connections, sockets and a margin.
    private static let wantedDescriptors = 4096

    package static func run(_ configuration: RelayConfiguration) -> [Finding] {
        sockets(configuration) + [descriptors(), priority()] + [advertised(configuration)]
    }

    private static func sockets(_ configuration: RelayConfiguration) -> [Finding] {
        var findings: [Finding] = []
        for number in 0..<max(1, configuration.workers) {
            let port =
                configuration.udpPort == 0 ? 0 : configuration.udpPort &+ UInt16(truncatingIfNeeded: number)
            do {
                let socket = try UDPSocket(port: port)
                findings.append(Finding(name: "UDP port \(port)", state: .ok, detail: "can be bound"))
                if number == 0 { findings += kernel(socket) }
            } catch {
                findings.append(
                    Finding(
                        name: "UDP port \(port)", state: .failed, detail: "\(error)",
                        advice: "Choose other ports with --udp-port, or stop what uses them."))
            }
        }
        return findings
    }

    private static func kernel(_ socket: borrowing UDPSocket) -> [Finding] {
        let buffers = [
            ("receive", "net.core.rmem_max", socket.receiveBuffer),
            ("send", "net.core.wmem_max", socket.sendBuffer),
        ].map { name, key, granted in
            granted >= wantedBuffer
                ? Finding(name: "UDP \(name) buffer", state: .ok, detail: "\(granted >> 10) KiB")
                : Finding(
                    name: "UDP \(name) buffer", state: .warning,
                    detail: "the kernel grants \(granted >> 10) KiB of \(wantedBuffer >> 10) KiB",
                    advice: "sysctl -w \(key)=\(wantedBuffer * 2), and keep it in /etc/sysctl.d")
        }
        let offloads = [
            ("Segmented sending (UDP_SEGMENT)", socket.hasSegmentation),
            ("Joined receiving (UDP_GRO)", socket.hasReceiveOffload),
        ].map { name, isThere in
            isThere
                ? Finding(name: name, state: .ok, detail: "available")
                : Finding(
                    name: name, state: .warning, detail: "the kernel does not have it",
                    advice: "Linux 5.0 and later forward a packet at about a third of the cost.")
        }
        return buffers + offloads
    }

    private static func descriptors() -> Finding {
        let count = Int(clamping: smartc_open_file_limit())
        return count >= wantedDescriptors
            ? Finding(name: "Open files", state: .ok, detail: "\(count) allowed")
            : Finding(
                name: "Open files", state: .warning, detail: "\(count) allowed",
                advice: "ulimit -n \(wantedDescriptors), or LimitNOFILE= in the systemd unit")
    }

    /// Tries it on a thread that is not used for anything else.
    private static func priority() -> Finding {
        let reached = ThreadPriority.tried()
        return reached <= ThreadPriority.wanted
            ? Finding(
                name: "Thread priority", state: .ok, detail: "media goes before other work (nice \(reached))")
            : Finding(
                name: "Thread priority", state: .warning,
                detail: "media waits its turn when the cores are busy (nice \(reached))",
                advice:
                    "LimitNICE=\(ThreadPriority.wanted) in the systemd unit, or --cap-add SYS_NICE for a container"
            )
    }

    private static func advertised(_ configuration: RelayConfiguration) -> Finding {
        let addresses = configuration.effectiveAddresses
        let list = addresses.map(\.host).joined(separator: ", ")
        if addresses.allSatisfy(\.isLoopback) {
            return Finding(
                name: "Advertised address", state: .warning,
                detail: "\(list): reachable from this machine only",
                advice: "--advertise with the address under which clients reach this machine")
        }
        if addresses.allSatisfy(\.isPrivate) {
            return Finding(
                name: "Advertised address", state: .warning,
                detail: "\(list): reachable from the local network only",
                advice:
                    "Behind NAT: --advertise with the public address, and forward the UDP ports to this machine"
            )
        }
        return Finding(name: "Advertised address", state: .ok, detail: list)
    }
}
