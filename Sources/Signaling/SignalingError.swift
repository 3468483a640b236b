/// Why the HTTP side could not be started.
package enum SignalingError: Error, Equatable, CustomStringConvertible {
    case unusableTLSFile(path: String, reason: String)
    case unusableGrantKey(path: String, reason: String)
    /// The address cannot be listened on; `reason` is the system's.
    case cannotListen(address: String, reason: String)

    package var description: String {
        switch self {
        case .unusableTLSFile(let path, let reason): "cannot use \(path) for TLS: \(reason)"
        case .unusableGrantKey(let path, let reason): "cannot use \(path) as the key of grants: \(reason)"
        case .cannotListen(let address, let reason): "cannot listen for HTTP on \(address): \(reason)"
        }
    }
}
