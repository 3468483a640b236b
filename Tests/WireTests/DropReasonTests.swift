import Testing

@testable import Wire

@Suite struct DropReasonTests {
    @Test(arguments: [
        (DropReason.unknownAddress, "unknown_address"), (.malformedSTUN, "malformed_stun"),
        (.unexpectedDTLS, "unexpected_dtls"), (.unauthenticSRTP, "unauthentic_srtp"),
        (.malformedRTCP, "malformed_rtcp"),
        (.replayed, "replayed"), (.waitingForKeyFrame, "waiting_for_key_frame"), (.outboxFull, "outbox_full"),
        (.waitingForLayerSwitch, "waiting_for_layer_switch"), (.layerNotWanted, "layer_not_wanted"),
        (.paused, "paused"),
    ])
    func `a label is the case in snake case`(reason: DropReason, label: String) {
        #expect(reason.label == label)
    }

    @Test(arguments: DropReason.allCases)
    func `a label has small letters and single underscores only`(reason: DropReason) {
        let words = reason.label.split(separator: "_", omittingEmptySubsequences: false)
        #expect(words.allSatisfy { !$0.isEmpty && $0.allSatisfy { ("a"..."z").contains($0) } })
    }

    @Test func `labels are unique`() {
        #expect(Set(DropReason.allCases.map(\.label)).count == DropReason.allCases.count)
    }

    @Test func `raw values number the cases`() {
        #expect(DropReason.allCases.map(\.rawValue) == Array(0..<DropReason.allCases.count))
    }

    @Test func `counters of two nodes add up`() {
        var left = DropCounters()
        var right = DropCounters()
        left[.replayed] += 2
        right[.replayed] += 3
        right[.socketRefused] += 1
        left.add(right)
        #expect(left[.replayed] == 5)
        #expect(left[.socketRefused] == 1)
        #expect(left[.unknownAddress] == 0)
    }
}
