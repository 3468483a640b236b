/// The header of a packet on an RTX stream that carries nothing but padding (RFC 3550 section 5.1): a probe of the way.
package struct PaddingHeader: Sendable {
    package let payloadType: UInt8
    package let sequenceNumber: UInt16
    package let timestamp: UInt32
    package let ssrc: UInt32
}
