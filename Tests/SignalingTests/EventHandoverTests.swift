import NodeCore
import Testing

@testable import Signaling

@Suite(.timeLimit(.minutes(1))) struct EventHandoverTests {
    private static func event(_ number: UInt64) -> ConferenceEvent {
        ConferenceEvent(number: number, kind: .speaker(nil))
    }

    @Test func `an event is handed over once, in order, and the end comes after the last`() async {
        let handover = EventHandover()
        async let offered: Void = {
            for number in 1...100 as ClosedRange<UInt64> {
                #expect(await handover.offer(Self.event(number)))
            }
            handover.finish()
        }()
        for number in 1...100 as ClosedRange<UInt64> {
            #expect(await handover.take() == .event(Self.event(number)))
        }
        #expect(await handover.take() == nil)
        await offered
    }

    @Test func `signs of life that nobody took become one`() async {
        let handover = EventHandover()
        #expect((1...3).map { _ in handover.remind() } == [1, 2, 3])
        #expect(await handover.take() == .keepAlive)
        #expect(handover.remind() == 1)
        handover.finish()
        #expect(await handover.take() == nil)
    }

    @Test func `an offer that nobody takes any more is refused`() async {
        let handover = EventHandover()
        async let isTaken = handover.offer(Self.event(1))
        handover.close()
        #expect(await isTaken == false)
        #expect(await handover.offer(Self.event(2)) == false)
        #expect(await handover.take() == nil)
    }

    @Test func `cancellation ends the waiting of both`() async {
        let handover = EventHandover()
        let taker = Task { await handover.take() }
        taker.cancel()
        #expect(await taker.value == nil)
        #expect(await handover.offer(Self.event(1)) == false)
    }
}
