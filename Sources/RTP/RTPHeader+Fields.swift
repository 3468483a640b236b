extension RTPHeader {
    /// A header from its fields, for a packet that is kept in parts.
    package init(
        hasMarker: Bool, payloadType: UInt8, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32,
        payload: Range<Int>, extensions: HeaderExtensionBlock
    ) {
        self.hasMarker = hasMarker
        self.payloadType = payloadType
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
        self.extensions = extensions
        paddingLength = 0
    }
}
