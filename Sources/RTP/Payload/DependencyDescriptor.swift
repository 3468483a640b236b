import Wire

/// What the dependency descriptor header extension says of one packet (AV1 RTP payload specification appendix A.8).
///
///     |S|E|  template |        frame number         |   always
///     |P|A|D|F|C| structure | decode targets | ...      if longer than three bytes
package struct DependencyDescriptor: Sendable {
    /// The bytes that every descriptor has; the frame number lies at `frameNumberOffset` in them.
    package static let shortestLength = 3
    package static let frameNumberOffset = 1

    /// The first packet of a frame, which is one layer of a picture.
    package let startsFrame: Bool
    package let endsFrame: Bool
    /// Counts frames, not pictures.
    package let frameNumber: UInt16
    /// 0...3 and 0...7.
    package let spatialID: UInt8
    package let temporalID: UInt8
    /// Whether a new structure came with it.
    package let hasStructure: Bool
    /// One bit for each decode target, if the stream says which are being produced.
    package let activeTargets: UInt32?
    /// To which temporal layers a receiver of fewer can go up here: one bit for each.
    package let switchingLevels: UInt8
    /// Whether another frame depends on this one.
    package let isReferenced: Bool
    /// What a receiver of all layers sees; unknown if it is not told.
    package let sizes: InlineArray<4, PictureSize>

    /// Parses the data of one element.
    ///
    /// - Parameters:
    ///   - range: where it lies in the packet.
    ///   - structure: the structure that came last; replaced by the one in this packet, if any.
    /// - Returns: `nil` if the data is malformed, or names a template that is not known.
    package init?(parsing packet: Span<UInt8>, _ range: Range<Int>, structure: inout DependencyStructure?) {
        guard range.lowerBound >= 0, range.count >= Self.shortestLength, range.upperBound <= packet.count
        else {
            return nil
        }
        var reader = BitReader(range)
        startsFrame = reader.flag(of: packet)
        endsFrame = reader.flag(of: packet)
        let templateID = UInt8(reader.bits(6, of: packet))
        frameNumber = UInt16(reader.bits(16, of: packet))

        var hasStructure = false
        var hasActiveTargets = false
        var hasIndications = false
        if range.count > Self.shortestLength {
            hasStructure = reader.flag(of: packet)
            hasActiveTargets = reader.flag(of: packet)
            hasIndications = reader.flag(of: packet)
            // Frame differences and chains, which come last, are not needed.
            _ = reader.bits(2, of: packet)
            if hasStructure {
                guard let new = DependencyStructure(&reader, of: packet), new.template(templateID) != nil
                else {
                    return nil
                }
                structure = new
            }
        }
        guard let known = structure, let template = known.template(templateID) else { return nil }
        activeTargets = hasActiveTargets ? reader.bits(known.decodeTargetCount, of: packet) : nil
        var indications = known.indications(ofTemplate: template)
        if hasIndications {
            indications = 0
            for target in 0..<known.decodeTargetCount {
                indications |= UInt64(reader.bits(2, of: packet)) << UInt64(target * 2)
            }
        }
        guard !reader.isExhausted else { return nil }
        self.hasStructure = hasStructure
        spatialID = known.spatialID(ofTemplate: template)
        temporalID = known.temporalID(ofTemplate: template)
        switchingLevels = startsFrame ? known.switchingLevels(indications, spatialID: spatialID) : 0
        // Switch is 10 and required 11: somebody needs the frame for more than itself.
        isReferenced = indications & 0xAAAA_AAAA_AAAA_AAAA != 0
        sizes = hasStructure ? known.sizes : InlineArray(repeating: .unknown)
    }
}
