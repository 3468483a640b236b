import Codecs
import Testing

@testable import Transcoding

@Suite struct ResolutionChooserTests {
    private static let source = PixelSize(width: 640, height: 360)

    /// A lane of 50 kbit/s, 15 pictures a second, in 144p and up to 360p.
    private func settings(codec: VPXCodec = .vp8, beginsSmall: Bool = false) -> LaneSettings {
        var settings = LaneSettings(codec: codec, tier: .p144)
        settings.largestShortSide = 360
        settings.beginsSmall = beginsSmall
        return settings
    }

    private func chooser(_ settings: LaneSettings) -> ResolutionChooser {
        var chooser = ResolutionChooser(settings)
        chooser.adopt(Self.source, mayGrow: true)
        return chooser
    }

    /// Codes pictures for some seconds, each as coarsely as `quantizer` says of the size; returns the changes.
    private func run(
        _ chooser: inout ResolutionChooser, from start: Int = 0, seconds: Int, mayGrow: Bool = true,
        quantizer: (Int) -> Int
    ) -> [(second: Int, shortSide: Int)] {
        var changes: [(second: Int, shortSide: Int)] = []
        for number in start * 15..<(start + seconds) * 15 {
            let time = Int64(number) * 6000
            if chooser.coded(quantizer: quantizer(chooser.shortSide), at: time, mayGrow: mayGrow) {
                changes.append((number / 15, chooser.shortSide))
            }
        }
        return changes
    }

    @Test(arguments: [(VPXCodec.vp8, 240), (.vp9, 300)])
    func `a scene begins in the size that its bits are usually enough for`(codec: VPXCodec, side: Int) {
        #expect(chooser(settings(codec: codec)).shortSide == side)
        var busy = ResolutionChooser(settings(codec: codec))
        busy.adopt(Self.source, mayGrow: false)
        #expect(busy.shortSide == 144)
    }

    @Test func `a live lane begins small and grows once, when its pictures show that there are bits`() {
        var chooser = chooser(settings(beginsSmall: true))
        #expect(chooser.shortSide == 144)
        let changes = run(&chooser, seconds: 60) { $0 == 144 ? 35 : 45 }
        #expect(changes.map(\.shortSide) == [240])
        #expect((6...8).contains(changes[0].second))
    }

    @Test func `what is coarse at the tier's size already does not grow`() {
        var chooser = chooser(settings(beginsSmall: true))
        let changes = run(&chooser, seconds: 60) { _ in 43 }
        #expect(changes.isEmpty)
    }

    @Test func `a size that is too large is given up, and tried again after twice the time each time`() {
        var chooser = chooser(settings(beginsSmall: true))
        let changes = run(&chooser, seconds: 150) { $0 == 144 ? 35 : 58 }
        let grown = changes.filter { $0.shortSide == 240 }.map(\.second)
        #expect(grown.count >= 3 && grown.count <= 5)
        let gaps = zip(grown, grown.dropFirst()).map { $1 - $0 }
        #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $1 > $0 }, "\(gaps)")
    }

    @Test func `pictures that are left out count as coarse ones, but not those right after a change`() {
        var chooser = chooser(settings())
        #expect(chooser.shortSide == 240)
        // A key frame's bits are missing for a second and a half.
        var changes = (0..<22).filter { chooser.coded(quantizer: nil, at: Int64($0) * 6000, mayGrow: true) }
        changes += (22..<150).filter { chooser.coded(quantizer: 47, at: Int64($0) * 6000, mayGrow: true) }
        #expect(changes.isEmpty)
        // Two of three are left out from now on.
        let late = (150..<195).filter {
            chooser.coded(quantizer: $0 % 3 == 0 ? 47 : nil, at: Int64($0) * 6000, mayGrow: true)
        }
        #expect(late.count == 1)
        #expect(chooser.shortSide == 180)
    }

    @Test func `fine pictures grow up to the viewers' size, and no further than the source`() {
        var chooser = chooser(settings(beginsSmall: true))
        let changes = run(&chooser, seconds: 60) { _ in 15 }
        #expect(changes.map(\.shortSide) == [240, 360])
        var small = ResolutionChooser(settings())
        small.adopt(PixelSize(width: 320, height: 180), mayGrow: true)
        _ = run(&small, seconds: 60) { _ in 15 }
        #expect(small.shortSide == 180)
        // There is nothing to gain, so that no key frame is spent.
        let more = run(&small, from: 60, seconds: 60) { _ in 15 }
        #expect(more.isEmpty)
    }

    @Test func `when viewers want less pictures become smaller at once, and grow again in their own time`() {
        var chooser = chooser(settings())
        var terms = settings().terms
        terms.largestShortSide = nil
        _ = run(&chooser, seconds: 5) { _ in 40 }
        #expect(chooser.shortSide == 240)
        chooser.adopt(terms)
        #expect(chooser.shortSide == 144)
        let changes = run(&chooser, from: 5, seconds: 20) { _ in 40 }
        #expect(changes.isEmpty)
        chooser.adopt(settings().terms)
        let growth = run(&chooser, from: 25, seconds: 20) { _ in 35 }
        #expect(growth.map(\.shortSide) == [240])
    }

    @Test func `a cut brings the size of a new scene`() {
        var chooser = chooser(settings())
        let grown = run(&chooser, seconds: 30) { _ in 15 }
        #expect(grown.last?.shortSide == 360)
        let changesAtCut = [31, 32].map { chooser.beginScene(at: $0 * 90_000, mayGrow: true) }
        #expect(changesAtCut == [true, false])
        #expect(chooser.shortSide == 240)
        // At the busiest nothing grows.
        _ = run(&chooser, from: 33, seconds: 10) { _ in 58 }
        let side = chooser.shortSide
        #expect(side < 240)
        let changesWhenBusy = chooser.beginScene(at: 45 * 90_000, mayGrow: false)
        #expect(!changesWhenBusy)
        #expect(chooser.shortSide == side)
    }

    @Test func `without CPU pictures do not grow, and become smaller if need be`() {
        var chooser = chooser(settings(beginsSmall: true))
        let early = run(&chooser, seconds: 30, mayGrow: false) { _ in 20 }
        #expect(early.isEmpty)
        _ = run(&chooser, from: 30, seconds: 30) { $0 < 240 ? 35 : 45 }
        #expect(chooser.shortSide == 240)
        chooser.relieve()
        let relieved = run(&chooser, from: 60, seconds: 5, mayGrow: false) { _ in 45 }
        #expect(relieved.map(\.shortSide) == [180])
    }

    @Test func `the tier's own size is kept where nothing else is allowed`() {
        var exact = settings()
        exact.largestShortSide = nil
        var chooser = chooser(exact)
        let changes = run(&chooser, seconds: 60) { _ in 10 }
        let changesAtCut = chooser.beginScene(at: 0, mayGrow: true)
        #expect(changes.isEmpty && !changesAtCut)
        #expect(chooser.shortSide == 144)
    }
}
