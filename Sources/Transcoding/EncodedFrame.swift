/// One encoded picture of a source, put together from its packets.
package struct EncodedFrame: Sendable {
    package var bytes: [UInt8]
    /// RTP timestamp, 90 kHz.
    package var timestamp: UInt32
    package let isKeyFrame: Bool

    package init(bytes: [UInt8], timestamp: UInt32, isKeyFrame: Bool) {
        self.bytes = bytes
        self.timestamp = timestamp
        self.isKeyFrame = isKeyFrame
    }
}
