package import RTP
package import SDP
import Wire

/// The identifiers that one section of one peer has agreed on for the header extensions that pass through the node,
/// 0 where it has none (RFC 8285 section 5).
package struct ExtensionIdentifiers: Sendable, Equatable {
    /// Those that describe the media and mean the same to every subscriber. Others concern one hop only.
    private static let forwarded: [HeaderExtensionKind] = [
        .audioLevel, .videoOrientation, .playoutDelay, .dependencyDescriptor, .absoluteCaptureTime,
        .colorSpace,
    ]
    fileprivate static let playoutDelayIndex = 2
    fileprivate static let dependencyDescriptorIndex = 3
    /// Loudness, capture times and colours: nobody misses them who sees one small picture and hears one voice.
    private static let dispensable = [0, 4, 5]

    fileprivate var through = InlineArray<6, UInt8>(repeating: 0)
    package private(set) var mid: UInt8 = 0
    package private(set) var rid: UInt8 = 0
    package private(set) var repairedRID: UInt8 = 0
    package private(set) var transportWideCC: UInt8 = 0
    package private(set) var absoluteSendTime: UInt8 = 0
    package private(set) var audioLevel: UInt8 = 0

    package var playoutDelay: UInt8 { through[Self.playoutDelayIndex] }

    /// Without those that a weak link is spared.
    package var spared: Self {
        var left = self
        for index in Self.dispensable { left.through[index] = 0 }
        return left
    }

    package var dependencyDescriptor: UInt8 { through[Self.dependencyDescriptorIndex] }

    package init(_ mappings: [ExtensionMapping]) {
        for mapping in mappings {
            switch mapping.kind {
            case .mid: mid = mapping.id
            case .rid: rid = mapping.id
            case .repairedRID: repairedRID = mapping.id
            case .transportWideCC: transportWideCC = mapping.id
            case .absoluteSendTime: absoluteSendTime = mapping.id
            case .audioLevel: audioLevel = mapping.id
            default: break
            }
            if let kind = mapping.kind, let index = Self.forwarded.firstIndex(of: kind) {
                through[index] = mapping.id
            }
        }
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.mid == right.mid && left.rid == right.rid && left.repairedRID == right.repairedRID
            && left.transportWideCC == right.transportWideCC
            && left.absoluteSendTime == right.absoluteSendTime
            && left.through.indices.allSatisfy { left.through[$0] == right.through[$0] }
    }
}

/// Where in an arriving packet the header extensions lie that are passed on: found once, used for every subscriber.
package struct ForwardedExtensions: Sendable {
    private var ranges = InlineArray<6, Range<Int>>(repeating: 0..<0)
    /// Whether none of them was found, as in most packets.
    private var isEmpty = true

    /// Nothing is passed on.
    package static let none = ForwardedExtensions()

    private init() {}

    package init(in packet: Span<UInt8>, _ block: HeaderExtensionBlock, identifiers: ExtensionIdentifiers) {
        guard block.range.count > 0 else { return }
        for index in ranges.indices where identifiers.through[index] != 0 {
            ranges[index] = block.range(of: identifiers.through[index], in: packet) ?? 0..<0
            if !ranges[index].isEmpty { isEmpty = false }
        }
    }

    /// Writes the extension block for one subscriber; nothing if it would be empty.
    ///
    /// - Parameters:
    ///   - mid: the section's name, when this packet is to carry it.
    ///   - transportSequence: the transport-wide number, when the section has agreed on one.
    ///   - sendTime: when it leaves, when the section has agreed to be told.
    ///   - playoutDelay: what takes the place of the publisher's own wish.
    ///   - frameNumberOffset: what is added to the frame number of a dependency descriptor.
    ///   - packet: the packet that the ranges were found in.
    /// - Returns: whether there is a block, which the X bit of the header has to say.
    package func write(
        identifiers: ExtensionIdentifiers, mid: MIDText?, transportSequence: UInt16? = nil,
        sendTime: AbsoluteSendTime? = nil, playoutDelay: PlayoutDelay? = nil, frameNumberOffset: UInt16 = 0,
        from packet: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) -> Bool {
        var length = 0
        var needsTwoBytes = false
        var count = 0
        func measure(_ id: UInt8, _ size: Int) {
            guard id != 0, size > 0 else { return }
            needsTwoBytes = needsTwoBytes || id > 14 || size > 16
            length += size
            count += 1
        }
        let replaced = playoutDelay == nil ? nil : ExtensionIdentifiers.playoutDelayIndex
        let found = isEmpty ? 0..<0 : ranges.indices
        for index in found where index != replaced {
            measure(identifiers.through[index], ranges[index].count)
        }
        if playoutDelay != nil { measure(identifiers.playoutDelay, 3) }
        if let mid { measure(identifiers.mid, mid.count) }
        if transportSequence != nil { measure(identifiers.transportWideCC, 2) }
        if sendTime != nil { measure(identifiers.absoluteSendTime, 3) }
        guard count > 0 else { return false }

        // RFC 8285 sections 4.2 and 4.3
        length += count * (needsTwoBytes ? 2 : 1)
        let words = (length + 3) / 4
        output.append(bigEndian: needsTwoBytes ? 0x1000 : 0xBEDE as UInt16)
        output.append(bigEndian: UInt16(words))
        func begin(_ id: UInt8, _ size: Int, _ output: inout OutputSpan<UInt8>) {
            if needsTwoBytes {
                output.append(id)
                output.append(UInt8(size))
            } else {
                output.append(id << 4 | UInt8(size - 1))
            }
        }
        for index in found
        where identifiers.through[index] != 0 && !ranges[index].isEmpty && index != replaced {
            begin(identifiers.through[index], ranges[index].count, &output)
            let start = output.count
            output.append(copying: packet, ranges[index])
            if index == ExtensionIdentifiers.dependencyDescriptorIndex,
                ranges[index].count >= DependencyDescriptor.shortestLength
            {
                var written = output.mutableSpan
                let place = start + DependencyDescriptor.frameNumberOffset
                written.store(written.span.uint16(at: place) &+ frameNumberOffset, at: place)
            }
        }
        if let playoutDelay, identifiers.playoutDelay != 0 {
            begin(identifiers.playoutDelay, 3, &output)
            output.append(bigEndian24: playoutDelay.rawValue)
        }
        if let mid, identifiers.mid != 0, mid.count > 0 {
            begin(identifiers.mid, mid.count, &output)
            mid.append(to: &output)
        }
        if let transportSequence, identifiers.transportWideCC != 0 {
            begin(identifiers.transportWideCC, 2, &output)
            output.append(bigEndian: transportSequence)
        }
        if let sendTime, identifiers.absoluteSendTime != 0 {
            begin(identifiers.absoluteSendTime, 3, &output)
            output.append(bigEndian24: sendTime.rawValue)
        }
        for _ in length..<words * 4 { output.append(0) }
        return true
    }
}

/// The name of a section (RFC 5888) without a heap object, for the packets that carry it (RFC 9143 section 15).
package struct MIDText: Sendable {
    private var bytes = InlineArray<16, UInt8>(repeating: 0)
    package let count: Int

    /// Fails for names longer than one-byte header extensions carry.
    package init?(_ mid: String) {
        guard (1...16).contains(mid.utf8.count) else { return nil }
        count = mid.utf8.count
        for (index, byte) in mid.utf8.enumerated() { bytes[index] = byte }
    }

    func append(to output: inout OutputSpan<UInt8>) {
        for index in 0..<count { output.append(bytes[index]) }
    }
}
