/// The `name=value` pairs of an `a=fmtp` line.
struct FormatParameters {
    private let pairs: [(name: String, value: Substring)]

    /// Parses what stands after the payload type: `name=value;name=value`.
    init(parsing text: Substring) {
        pairs = text.fields(by: UInt8(ascii: ";")).map { pair in
            let (name, value) = pair.cut(at: UInt8(ascii: "="))
            return (name.trimmed.lowercased(), (value ?? "").trimmed)
        }
    }

    /// The value of the first parameter `name`, in lower case.
    subscript(name: String) -> Substring? {
        pairs.first { $0.name == name }?.value
    }

    /// The pairs with one of `names`, in their order, in the form of the line.
    func keeping(_ names: Set<String>) -> String {
        pairs.filter { names.contains($0.name) }.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
    }
}
