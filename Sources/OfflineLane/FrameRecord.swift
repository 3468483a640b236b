/// What became of one picture of the source.
package struct FrameRecord: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case key, resync, delta
        /// Not coded: the rate of pictures is lower, nothing had changed, no bits were left, libvpx refused it.
        case notDue, unchanged, overBudget, failed

        package var isCoded: Bool { self == .key || self == .resync || self == .delta }
    }

    /// From 0.
    package let picture: Int
    /// From the first picture on.
    package let seconds: Double
    package let kind: Kind
    package let bytes: Int
    package let packets: Int
    package let bytesOnWire: Int
    /// 0 finest to 63 coarsest.
    package let quantizer: Int?
    package let width: Int?
    package let height: Int?
    /// CPU time of scaling, looking for changes, and coding.
    package let milliseconds: Double
}
