/// What `If-Match` or `If-None-Match` asks for (RFC 9110 section 13.1).
enum EntityTagCondition: Equatable {
    /// `*`
    case any
    /// The opaque parts of the strong and of the weak tags, without quotes.
    case tags(strong: [String], weak: [String])

    /// Fails when the field is neither `*` nor a list of quoted tags.
    init?(_ field: String) {
        var rest = trimmed(field[...])
        if rest == "*" {
            self = .any
            return
        }
        var strong: [String] = []
        var weak: [String] = []
        while true {
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: "\"") else { return nil }
            if isWeak { weak.append(String(rest[..<end])) } else { strong.append(String(rest[..<end])) }
            rest = trimmed(rest[rest.index(after: end)...])
            if rest.isEmpty { break }
            guard rest.first == "," else { return nil }
            rest = trimmed(rest.dropFirst())
        }
        self = .tags(strong: strong, weak: weak)
    }

    /// Whether the weak comparison of RFC 9110 section 8.8.3.2 finds `tag`.
    func includes(_ tag: String) -> Bool {
        switch self {
        case .any: true
        case .tags(let strong, let weak): strong.contains(tag) || weak.contains(tag)
        }
    }
}
