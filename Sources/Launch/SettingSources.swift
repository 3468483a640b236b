internal import Configuration
internal import FoundationEssentials

/// Where settings come from, in the order in which they win: flags, environment, file.
package struct SettingSources: Sendable {
    /// The text of one setting, and which source it is from, in words.
    struct Found {
        let values: [String]
        let origin: String
    }

    private struct Source: Sendable {
        let provider: any ConfigProvider
        /// Put in front of every key.
        let prefix: [String]
        let origin: @Sendable (_ setting: Setting, _ encodedKey: String) -> String
    }

    private var sources: [Source] = []

    /// `flags` holds only what was given on the command line. Variables that are empty count as absent, the
    /// way Compose files pass them.
    ///
    /// Unknown variables are ignored: Kubernetes makes `SMARTC_…` ones of its own for a service of that name.
    package init(flags: [Setting: [String]], environment: [String: String], file: String?)
        throws(SettingsError)
    {
        sources.append(
            Source(provider: Self.provider("flags", flags), prefix: []) { setting, _ in
                "--\(setting.rawValue)"
            })
        sources.append(
            Source(
                provider: EnvironmentVariablesProvider(
                    environmentVariables: environment.filter { !$1.isEmpty }),
                prefix: ["smartc"]
            ) { _, encodedKey in "environment variable \(encodedKey)" })
        guard let file else { return }
        let settings = try Self.read(file)
        sources.append(
            Source(provider: Self.provider("file", settings), prefix: []) { setting, _ in
                "\"\(setting.rawValue)\" in \(file)"
            })
    }

    /// The value of the first source that has one.
    func find(_ setting: Setting) throws(SettingsError) -> Found? {
        for source in sources {
            let key = AbsoluteConfigKey(source.prefix + [setting.rawValue])
            let result: LookupResult
            do {
                result = try source.provider.value(forKey: key, type: setting.isList ? .stringArray : .string)
            } catch {
                throw .badValue(
                    origin: source.origin(setting, setting.rawValue), value: "\(error)",
                    expected: setting.isList ? "a list" : "a single value")
            }
            switch result.value?.content {
            case .string(let value):
                return Found(values: [value], origin: source.origin(setting, result.encodedKey))
            case .stringArray(let values):
                return Found(values: values, origin: source.origin(setting, result.encodedKey))
            default: continue
            }
        }
        return nil
    }

    private static func provider(_ name: String, _ settings: [Setting: [String]]) -> InMemoryProvider {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (setting, texts) in settings {
            let content: ConfigContent =
                setting.isList ? .stringArray(texts) : .string(texts.joined(separator: ","))
            values[AbsoluteConfigKey([setting.rawValue])] = ConfigValue(content, isSecret: false)
        }
        return InMemoryProvider(name: name, values: values)
    }

    // MARK: - The file

    private static func read(_ path: String) throws(SettingsError) -> [Setting: [String]] {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw .unreadableFile(path: path) }
        let object: [String: FileValue]
        do {
            object = try JSONDecoder().decode([String: FileValue].self, from: data)
        } catch {
            throw .malformedFile(path: path, reason: reason(of: error))
        }
        var settings: [Setting: [String]] = [:]
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            guard let setting = Setting(rawValue: key) else { throw .unknownKey(key: key, file: path) }
            if value.isList, !setting.isList {
                throw .badValue(
                    origin: "\"\(key)\" in \(path)", value: value.texts.joined(separator: ", "),
                    expected: "a single value; a list is not possible here")
            }
            settings[setting] = value.texts
        }
        return settings
    }

    private static func reason(of error: any Error) -> String {
        switch error as? DecodingError {
        case .dataCorrupted(let context):
            return context.debugDescription
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        default:
            return "\(error)"
        }
    }

    /// A value in the file, as the text that a flag would have.
    private struct FileValue: Decodable {
        let texts: [String]
        let isList: Bool

        init(from decoder: any Decoder) throws {
            if var list = try? decoder.unkeyedContainer() {
                var texts: [String] = []
                while !list.isAtEnd { texts.append(try list.decode(String.self)) }
                self.texts = texts
                isList = true
                return
            }
            let container = try decoder.singleValueContainer()
            isList = false
            if let flag = try? container.decode(Bool.self) {
                texts = [String(flag)]
            } else if let number = try? container.decode(Int.self) {
                texts = [String(number)]
            } else if let text = try? container.decode(String.self) {
                texts = [text]
            } else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: container.codingPath,
                        debugDescription:
                            "\"\(container.codingPath.map(\.stringValue).joined(separator: "."))\""
                            + " must be a string, an integer, true, false, or an array of strings."))
            }
        }
    }
}
