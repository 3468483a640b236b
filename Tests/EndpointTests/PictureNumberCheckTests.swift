import Testing
import Wire

@testable import Endpoint

@Suite struct PictureNumberCheckTests {
    typealias Numbers = PictureNumberCheck.Numbers

    private func numbers(
        _ id: UInt16, length: Int = 15, tid: UInt8 = 0, tl0: UInt8? = nil, key: UInt8? = nil
    ) -> Numbers {
        Numbers(pictureID: id, pictureIDLength: length, temporalID: tid, tl0PictureIndex: tl0, keyIndex: key)
    }

    /// Whether each picture follows the one before; those in `keys` are key frames.
    private func follow(_ pictures: [Numbers], keys: Set<Int> = [0]) -> [Bool] {
        var check = PictureNumberCheck()
        return pictures.enumerated().map { check.follow($1, isKeyFrame: keys.contains($0)) }
    }

    @Test(arguments: [(15, UInt16(0x7FFF)), (7, 0x7F)])
    func `identifiers follow each other around their circle`(_ length: Int, _ highest: UInt16) {
        let right = follow([highest - 1, highest, 0, 1].map { numbers($0, length: length) })
        #expect(right.allSatisfy { $0 })
        #expect(follow([5, 7, 8, 8].map { numbers($0, length: length) }) == [true, false, true, false])
    }

    @Test func `an identifier does not change its length`() {
        #expect(follow([numbers(5), numbers(6, length: 7)]) == [true, false])
    }

    @Test func `the lowest layer counts, the others name it`() {
        let right = [
            numbers(1, tid: 0, tl0: 255), numbers(2, tid: 2, tl0: 255), numbers(3, tid: 1, tl0: 255),
            numbers(4, tid: 0, tl0: 0), numbers(5, tid: 2, tl0: 0),
        ]
        #expect(follow(right).allSatisfy { $0 })
        #expect(follow([right[0], numbers(2, tid: 2, tl0: 0)]) == [true, false])
        #expect(follow([right[0], numbers(2, tid: 0, tl0: 255)]) == [true, false])
        // Behind a key frame references begin anew, but not behind what was.
        #expect(follow([right[0], numbers(2, tl0: 9)], keys: [0, 1]) == [true, true])
        #expect(follow([right[0], numbers(2, tl0: 200)], keys: [0, 1]) == [true, false])
    }

    @Test func `the key index changes with key frames and only then`() {
        #expect(
            follow([numbers(1, key: 31), numbers(2, key: 31), numbers(3, key: 0)], keys: [0, 2])
                == [true, true, true])
        #expect(follow([numbers(1, key: 3), numbers(2, key: 4)]) == [true, false])
        #expect(follow([numbers(1, key: 3), numbers(2, key: 3)], keys: [0, 1]) == [true, false])
    }

    @Test func `behind a loss nothing is compared`() {
        var check = PictureNumberCheck()
        _ = check.follow(numbers(1), isKeyFrame: true)
        check.beginAnew()
        let isRight = check.follow(numbers(9), isKeyFrame: false)
        #expect(isRight)
    }
}
