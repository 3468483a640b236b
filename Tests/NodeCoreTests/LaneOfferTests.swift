import Forwarding
import Testing
import Transcoding

@testable import NodeCore

@Suite struct LaneOfferTests {
    private static let all = Tier.allCases.flatMap { tier in
        LaneGrade.allCases.map { LaneOffer(tier: tier, grade: $0) }
    }

    @Test func `every lane and every layer has a number of its own`() {
        var numbers: Set<UInt8> = []
        for offer in Self.all {
            let option = ServedOption.lane(offer)
            #expect(ServedOption(number: option.number) == option)
            #expect(numbers.insert(option.number).inserted)
        }
        for encoding in UInt8(0)..<4 {
            for spatial in UInt8(0)..<4 {
                for temporal in UInt8(0)..<4 {
                    let option = ServedOption.layer(
                        Layer(encoding: encoding, spatial: spatial, temporal: temporal))
                    #expect(ServedOption(number: option.number) == option)
                    #expect(numbers.insert(option.number).inserted)
                }
            }
        }
    }

    @Test func `what fits into a link is found, headers included`() {
        for offer in Self.all {
            for bits in stride(from: 0, through: 1_500_000, by: 1000) {
                let rate = offer.rate(within: bits)
                #expect(offer.rates.contains(rate))
                if rate > offer.rates.lowerBound { #expect(offer.bitsOnWire(at: rate) <= bits) }
            }
        }
    }

    @Test func `the smallest tier and a voice fit into 64 kbit a second, its stills into 40`() {
        let smallest = LaneOffer(tier: .p144, grade: .whole)
        #expect(smallest.bitsOnWire(at: smallest.rates.lowerBound) + 27_000 <= 64_000)
        let still = LaneOffer(tier: .p144, grade: .still)
        #expect(still.bitsOnWire(at: still.rates.upperBound) + 27_000 <= 40_000)
    }

    @Test func `pictures may grow to what viewers have room for, unless the tier was asked for by its name`()
    {
        let whole = LaneOffer(tier: .p144, grade: .whole)
        #expect(whole.largestShortSide(wanted: 90) == nil)
        #expect(whole.largestShortSide(wanted: 144) == nil)
        #expect(whole.largestShortSide(wanted: 200) == 200)
        #expect(whole.largestShortSide(wanted: .max) == 360)
        #expect(LaneOffer(tier: .p360, grade: .whole).largestShortSide(wanted: .max) == nil)
        for grade in [LaneGrade.thin, .still, .exact] {
            #expect(LaneOffer(tier: .p144, grade: grade).largestShortSide(wanted: .max) == nil)
        }
    }

    @Test func `a lane never takes more than its tier`() {
        for offer in Self.all { #expect(offer.rates.upperBound <= offer.tier.bitsPerSecond) }
    }

    @Test func `the best viewers are known without each of them`() {
        var viewers = LaneTable.BestViewers()
        #expect(viewers.most == nil && viewers.most(except: 1) == nil)
        for (link, bits) in [(1, 50), (2, 80), (3, 60), (4, 80)] { viewers.add(link, bits) }
        #expect(viewers.most == 80)
        #expect(viewers.most(except: 1) == 80)
        #expect(viewers.most(except: 2) == 80)
        var two = LaneTable.BestViewers()
        two.add(7, 40)
        #expect(two.most(except: 7) == nil)
        two.add(8, 30)
        #expect(two.most(except: 7) == 30)
        #expect(two.most(except: 8) == 40)
    }
}
