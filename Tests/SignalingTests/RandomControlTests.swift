import HTTPTypes
import NodeCore
import Testing

@testable import Signaling

/// Random controls: near to what is right, so that they get far, and mutilated.
@Suite struct RandomControlTests {
    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 1, 2, 3])
    func `random JSON never traps, and what is accepted keeps to the ranges`(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        var accepted = 0
        for _ in 0..<4000 {
            let text = random.control()
            do throws(Problem) {
                let control = try ControlDocument.parse(text)
                accepted += 1
                for slot in control.slots.values {
                    if let height = slot.height {
                        #expect(ControlDocument.heights.contains(height), "seed \(seed): \(text)")
                    }
                }
                for label in control.tracks.values.compactMap(\.label) {
                    #expect(
                        ControlDocument.labelLengths.contains(label.unicodeScalars.count),
                        "seed \(seed): \(text)")
                }
                if let lastN = control.lastN ?? nil {
                    #expect(ControlDocument.lastNs.contains(lastN), "seed \(seed): \(text)")
                }
            } catch {
                let pointer = try #require(error.pointer, "seed \(seed): \(text)")
                #expect(pointer.isEmpty || pointer.hasPrefix("/"), "seed \(seed): \(text)")
                #expect(error.status.code == 400 || error.status.code == 422, "seed \(seed): \(text)")
            }
        }
        #expect(accepted > 0, "seed \(seed)")
    }
}

/// Makes texts out of the members of a control and of what does not belong there.
private struct RandomJSON {
    /// SplitMix64 (Steele, Lea, Flood 2014).
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func control() -> String {
        var text = object([
            "slots": { $0.byMID(["pin", "height", "paused"]) }, "tracks": { $0.byMID(["muted", "label"]) },
            "preferred": { $0.list { $0.string() } }, "lastN": { $0.scalar() },
        ])
        if below(3) == 0 { mutilate(&text) }
        return text
    }

    private mutating func byMID(_ members: [String]) -> String {
        if below(10) == 0 { return scalar() }
        let sections = (0..<below(4)).map { _ in
            let readers = members.map { name in
                (
                    name,
                    { (random: inout RandomJSON) -> String in
                        name == "pin" && random.below(2) == 0 ? random.pin() : random.scalar()
                    }
                )
            }
            return "\"\(below(6))\":" + object(Dictionary(uniqueKeysWithValues: readers))
        }
        return "{" + sections.joined(separator: ",") + "}"
    }

    private mutating func pin() -> String {
        object(["participant": { $0.string() }, "track": { $0.scalar() }])
    }

    private mutating func object(_ members: [String: (inout RandomJSON) -> String]) -> String {
        var parts: [String] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where below(3) > 0 {
            parts.append("\"\(name)\":" + (below(8) == 0 ? scalar() : value(&self)))
        }
        if below(12) == 0 { parts.append(string() + ":" + scalar()) }
        return "{" + parts.joined(separator: ",") + "}"
    }

    private mutating func list(_ element: (inout RandomJSON) -> String) -> String {
        "[" + (0..<below(4)).map { _ in element(&self) }.joined(separator: ",") + "]"
    }

    private mutating func scalar() -> String {
        switch below(8) {
        case 0: "null"
        case 1: below(2) == 0 ? "true" : "false"
        case 2: String(Int64(bitPattern: next()))
        case 3: String(Double(bitPattern: next()))
        case 4, 5: String(below(5000))
        case 6: below(20) == 0 ? String(repeating: "[", count: below(700)) : "[{}]"
        default: string()
        }
    }

    private mutating func string() -> String {
        let texts = [
            "ann", "bob", "", "a/b~", "\\u0000", "\\ud800", "\\ud83d\\ude00", "\\n", "é", "\u{202E}", "\\x",
            "1",
        ]
        return "\"" + (0..<(1 + below(2))).map { _ in texts[below(texts.count)] }.joined() + "\""
    }

    /// Replaces, removes or doubles a few characters.
    private mutating func mutilate(_ text: inout String) {
        var scalars = Array(text.unicodeScalars)
        for _ in 0...below(4) where !scalars.isEmpty {
            let place = below(scalars.count)
            switch below(3) {
            case 0: scalars[place] = Unicode.Scalar(UInt8(below(256)))
            case 1: scalars.remove(at: place)
            default: scalars.insert(scalars[place], at: place)
            }
        }
        text = String(String.UnicodeScalarView(scalars))
    }

    private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
