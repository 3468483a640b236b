import Impairment
import Testing

@testable import Forwarding

@Suite struct NumberWindowTests {
    @Test func `what is left out has no number, what is missing has one`() {
        var window = NumberWindow<2>(first: 20)
        window.append(20, .kept)
        window.append(21, .omitted)
        window.append(22, .omitted)
        // 23 is missing.
        window.append(24, .kept)
        window.append(25, .omitted)
        window.append(26, .marked)
        let numbers = [20, 23, 24, 26].map { window.number(of: $0) }
        #expect(numbers == [20, 21, 22, 23])
        #expect(window.next == 24)
        let positions = (19...24).map { window.position(of: $0) }
        #expect(positions == [19, 20, 23, 24, 26, nil])
        let states = (20...27).map { window.state(at: $0) }
        #expect(states == [.kept, .omitted, .omitted, .kept, .kept, .omitted, .marked, nil])
    }

    @Test func `a gap is left out as a whole where it is not wanted`() {
        var window = NumberWindow<2>(first: 0)
        window.append(0, .kept)
        window.append(500, .omitted, gapIsOmitted: true)
        window.append(501, .kept)
        #expect(window.number(of: 501) == 1)
        #expect(window.position(of: 1) == 501)
        #expect(window.position(of: 0) == nil)
    }

    @Test func `marking and withholding do not change numbers`() {
        var window = NumberWindow<2>(first: 0)
        for position in 0..<10 as Range<Int64> {
            window.append(position, position % 3 == 2 ? .omitted : .kept)
        }
        let before = (0..<10).map { window.number(of: $0) }
        window.change(0, to: .withheld)
        window.change(4, to: .marked)
        window.change(5, to: .withheld)
        window.change(4, to: .omitted)
        let after = (0..<10).map { window.number(of: $0) }
        #expect(before == after)
        #expect(window.state(at: 0) == .withheld)
        #expect(window.state(at: 4) == .marked)
        #expect(window.state(at: 5) == .omitted)
    }

    @Test func `numbers are as if they were counted one by one`() {
        let seed = seed()
        var generator = SplitMix64(seed: seed)
        for _ in 0..<20 {
            var window = NumberWindow<4>(first: 1000)
            /// The number of each position that has one, and the position of each number.
            var numbers: [Int64: Int64] = [:]
            var positions: [Int64: Int64] = [:]
            var next: Int64 = 1000
            var position: Int64 = 999
            func keep(_ position: Int64) {
                numbers[position] = next
                positions[next] = position
                next += 1
            }
            for _ in 0..<600 {
                let gap =
                    Int64.random(in: 0..<8, using: &generator) == 0
                    ? Int64.random(in: 1..<90, using: &generator) : 0
                let gapIsOmitted = Bool.random(using: &generator)
                for missing in 0..<gap where !gapIsOmitted { keep(position + 1 + missing) }
                position += gap + 1
                let isOmitted = Int.random(in: 0..<3, using: &generator) != 0
                if !isOmitted { keep(position) }
                window.append(position, isOmitted ? .omitted : .kept, gapIsOmitted: gapIsOmitted)
                if let known = (position - 255...position).randomElement(using: &generator), known >= 1000 {
                    if let number = numbers[known] {
                        #expect(window.number(of: known) == number, "seed \(seed)")
                    } else {
                        #expect(window.state(at: known) == .omitted, "seed \(seed)")
                    }
                }
                let asked = next - Int64.random(in: 1...300, using: &generator)
                let expected = positions[asked].flatMap { $0 > position - 256 ? $0 : nil }
                let found = window.position(of: asked).flatMap { $0 >= 1000 ? $0 : nil }
                #expect(found == expected, "seed \(seed)")
                #expect(window.next == next, "seed \(seed)")
            }
        }
    }
}
