/// Parses the text of settings, and says where a text that cannot be parsed comes from.
struct SettingReader {
    private let sources: SettingSources

    init(_ sources: SettingSources) {
        self.sources = sources
    }

    /// Leaves `value` alone when no source has the setting.
    func read<Value>(
        _ setting: Setting, into value: inout Value, _ expected: String, _ parse: (String) -> Value?
    ) throws(SettingsError) {
        guard let found = try sources.find(setting), let text = found.values.first else { return }
        guard let parsed = parse(text) else {
            throw .badValue(origin: found.origin, value: text, expected: expected)
        }
        value = parsed
    }

    /// The same for a setting with several values.
    func read<Value>(
        _ setting: Setting, into values: inout [Value], _ expected: String, _ parse: (String) -> Value?
    ) throws(SettingsError) {
        guard let found = try sources.find(setting) else { return }
        var parsed: [Value] = []
        for text in found.values {
            guard let value = parse(text) else {
                throw .badValue(origin: found.origin, value: text, expected: expected)
            }
            parsed.append(value)
        }
        values = parsed
    }
}
