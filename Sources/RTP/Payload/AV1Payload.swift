/// The aggregation header of AV1 ("RTP Payload Format For AV1" section 4.4).
///
///     |Z|Y| W |N|-|-|-|
package struct AV1Payload: Hashable, Sendable {
    /// Z: the first OBU element continues one of the packet before.
    package var continuesElement: Bool
    /// Y: the last OBU element goes on in the packet after.
    package var elementGoesOn: Bool
    /// W: the number of OBU elements 1...3; 0 if every element has its length instead.
    package var elementCount: UInt8
    /// N: the first packet of a coded video sequence, which begins with a key frame.
    package var startsCodedVideoSequence: Bool

    /// Parses an RTP payload; `nil` if it is empty, or both begins a sequence and continues an element.
    package init?(parsing payload: Span<UInt8>) {
        guard payload.count >= 1 else { return nil }
        let first = payload[0]
        continuesElement = first & 0x80 != 0
        elementGoesOn = first & 0x40 != 0
        elementCount = first >> 4 & 0x03
        startsCodedVideoSequence = first & 0x08 != 0
        guard !(startsCodedVideoSequence && continuesElement) else { return nil }
    }
}
