import Testing
import Wire

@testable import Endpoint

@Suite struct ArrivalMeterTests {
    private let start = Instant(nanoseconds: 3_000_000_000)

    @Test func `what comes evenly is told as its rate`() {
        var meter = ArrivalMeter()
        for number in 0..<150 { meter.add(125, at: start + .milliseconds(20 * number)) }
        let told = meter.bitsPerSecond(at: start + .milliseconds(2980))
        #expect((43_000...51_000).contains(told), "\(told)")
    }

    @Test func `a second after the last packet nothing is left`() {
        var meter = ArrivalMeter()
        meter.add(1000, at: start)
        #expect(meter.bitsPerSecond(at: start + .milliseconds(500)) == 8000)
        #expect(meter.bitsPerSecond(at: start + .milliseconds(1000)) == 0)
        #expect(meter.bitsPerSecond(at: start + .seconds(1000)) == 0)
        meter.add(10, at: start + .seconds(2000))
        #expect(meter.bitsPerSecond(at: start + .seconds(2000)) == 80)
    }
}
