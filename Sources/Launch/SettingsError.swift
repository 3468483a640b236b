/// Why the settings were refused.
package enum SettingsError: Error, Equatable, CustomStringConvertible {
    /// `origin` is the flag, the variable, or the key and its file.
    case badValue(origin: String, value: String, expected: String)
    case unknownKey(key: String, file: String)
    case unreadableFile(path: String)
    case malformedFile(path: String, reason: String)
    /// Values that are right alone and wrong together.
    case inconsistent(String)

    package var description: String {
        switch self {
        case .badValue(let origin, let value, let expected):
            return "\(origin): \"\(value)\" is not \(expected)."
        case .unknownKey(let key, let file):
            let keys = Setting.allCases.map(\.rawValue).joined(separator: ", ")
            return "\(file): there is no setting \"\(key)\"; the settings are \(keys)."
        case .unreadableFile(let path):
            return "\(path): the configuration file cannot be read."
        case .malformedFile(let path, let reason):
            return "\(path): the configuration file must be one JSON object of settings: \(reason)"
        case .inconsistent(let what):
            return what
        }
    }
}
