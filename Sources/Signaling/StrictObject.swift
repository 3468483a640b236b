internal import FoundationEssentials
internal import HTTPTypes

/// A JSON object that is read member by member. A member that nobody asked for and a value of another type are refused
/// with their place (RFC 6901), never passed over.
///
/// It is read no deeper than asked for, so that nesting costs no stack.
struct StrictObject {
    private let members: KeyedDecodingContainer<Member>
    private let path: [String]

    /// `known` are the members that may be there, nil where the names are the client's. `shape` says in words what is
    /// expected: "an object with …".
    init(_ decoder: any Decoder, known: [String]? = nil, shape: String) throws(Problem) {
        path = decoder.codingPath.map { $0.intValue.map { String($0) } ?? $0.stringValue }
        do {
            members = try decoder.container(keyedBy: Member.self)
        } catch {
            throw Self.malformed(path, "must be \(shape)")
        }
        guard let known else { return }
        if let unknown = names.first(where: { !known.contains($0) }) {
            throw malformed([unknown], "is not known; expected is \(shape)")
        }
    }

    /// In a fixed order, so that one request always gets one answer.
    var names: [String] { members.allKeys.map(\.stringValue).sorted() }

    func has(_ name: String) -> Bool { members.contains(Member(stringValue: name)) }

    func isNull(_ name: String) -> Bool {
        (try? members.decodeNil(forKey: Member(stringValue: name))) ?? false
    }

    /// What reads the value of a member that is there.
    func decoder(of name: String) throws(Problem) -> any Decoder {
        do {
            return try members.superDecoder(forKey: Member(stringValue: name))
        } catch {
            throw malformed([name], "cannot be read")
        }
    }

    /// nil when there is no such member.
    func boolean(_ name: String) throws(Problem) -> Bool? { try value(name, "true or false") }

    /// nil when there is no such member.
    func string(_ name: String) throws(Problem) -> String? { try value(name, "a string") }

    /// nil when there is no such member. A number that is not whole is malformed, one outside of `range` unacceptable.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        let words = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let number: Int = try value(name, words) else { return nil }
        guard range.contains(number) else { throw unacceptable([name], "must be \(words)") }
        return number
    }

    /// nil when there is no such member.
    func strings(_ name: String) throws(Problem) -> [String]? {
        guard has(name) else { return nil }
        guard var list = try? members.nestedUnkeyedContainer(forKey: Member(stringValue: name)) else {
            throw malformed([name], "must be an array of strings")
        }
        var strings: [String] = []
        while !list.isAtEnd {
            guard let string = try? list.decode(String.self) else {
                throw malformed([name, String(list.currentIndex)], "must be a string")
            }
            strings.append(string)
        }
        return strings
    }

    /// The refusal of a value that has the right type and cannot be, at `place` below this object.
    func unacceptable(_ place: [String], _ reason: String) -> Problem {
        let pointer = Self.pointer(path + place)
        return Problem(
            .unprocessableContent, "unacceptable-control", "Unacceptable control",
            "\(pointer.prefix(80)) \(reason).", pointer: pointer)
    }

    /// The refusal of JSON that is not as described, at `place` below this object.
    func malformed(_ place: [String], _ reason: String) -> Problem { Self.malformed(path + place, reason) }

    /// The refusal of JSON that is not as described.
    static func malformed(_ path: [String], _ reason: String) -> Problem {
        let pointer = pointer(path)
        return Problem(
            .badRequest, "malformed-json", "Malformed JSON",
            "\(pointer.isEmpty ? "The body" : pointer.prefix(80)) \(reason).", pointer: pointer)
    }

    /// RFC 6901 section 3
    private static func pointer(_ path: [String]) -> String {
        path.map { segment in
            var escaped = "/"
            for scalar in segment.unicodeScalars {
                switch scalar {
                case "~": escaped += "~0"
                case "/": escaped += "~1"
                default: escaped.unicodeScalars.append(scalar)
                }
            }
            return escaped
        }.joined()
    }

    private func value<Value: Decodable>(_ name: String, _ words: String) throws(Problem) -> Value? {
        guard has(name) else { return nil }
        guard let value = try? members.decode(Value.self, forKey: Member(stringValue: name)) else {
            throw malformed([name], "must be \(words)")
        }
        return value
    }

    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}
