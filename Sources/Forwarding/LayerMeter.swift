import RTP
import Wire

/// What arrives of each layer of one encoding: bits and pictures a second over the last one to two seconds, sizes, and when
/// it was last seen. Four spatial by four temporal layers; what is above counts as the highest.
struct LayerMeter: Sendable {
    /// Some pictures of every temporal layer fall into it, and a key frame does not weigh too much.
    private static let window = Duration.seconds(1)
    private static let rows = 4
    private static let columns = 4

    /// What came in one window, alone and without the layers below.
    private struct Count {
        var bytes: UInt32 = 0
        var frames: UInt32 = 0
    }

    private var counts = InlineArray<16, Count>(repeating: Count())
    private var former = InlineArray<16, Count>(repeating: Count())
    private var lastSeen = InlineArray<16, Instant>(repeating: Instant(nanoseconds: .min))
    private var sizes = InlineArray<4, PictureSize>(repeating: .unknown)
    private var start: Instant?
    /// When the first packet came: rates are not measured over time before it.
    private var begun: Instant?
    private var lastTimestamp: UInt32?

    init() {}

    mutating func add(_ packet: PacketDescription, bytes: Int, timestamp: UInt32, at now: Instant) {
        roll(to: now)
        let index =
            min(Int(packet.spatialID), Self.rows - 1) * Self.columns
            + min(Int(packet.temporalID), Self.columns - 1)
        counts[index].bytes &+= UInt32(truncatingIfNeeded: bytes)
        if packet.tellsFrameStarts ? packet.startsFrame : timestamp != lastTimestamp {
            counts[index].frames &+= 1
        }
        lastTimestamp = timestamp
        lastSeen[index] = now
        for row in 0..<Self.rows where packet.sizes[row].isKnown { sizes[row] = packet.sizes[row] }
    }

    /// The short side of the largest picture that a key frame has told of, in pixels; nil before the first.
    var shortSide: Int? {
        var most = 0
        for row in 0..<Self.rows where sizes[row].isKnown {
            most = max(most, Int(min(sizes[row].width, sizes[row].height)))
        }
        return most > 0 ? most : nil
    }

    /// Appends every layer that is being received, with all that it needs below it.
    mutating func append(to options: inout [LayerOption], of encoding: UInt8, at now: Instant) {
        roll(to: now)
        guard let start, let begun else { return }
        let whole = start == begun ? Duration.zero : Self.window
        let elapsed = max((whole + (now - start)).inSeconds, 0.1)
        var below = InlineArray<4, (bytes: Int, frames: Int)>(repeating: (0, 0))
        for row in 0..<Self.rows {
            var bytes = 0
            var frames = 0
            for column in 0..<Self.columns {
                let index = row * Self.columns + column
                let ownBytes = Int(counts[index].bytes) + Int(former[index].bytes)
                let ownFrames = Int(counts[index].frames) + Int(former[index].frames)
                bytes += ownBytes
                frames += ownFrames
                below[column] = (below[column].bytes + bytes, frames)
                guard ownBytes > 0 else { continue }
                options.append(
                    LayerOption(
                        layer: Layer(encoding: encoding, spatial: UInt8(row), temporal: UInt8(column)),
                        bitsPerSecond: Int(Double(below[column].bytes * 8) / elapsed),
                        framesPerSecond: Double(frames) / elapsed, size: sizes[row], lastSeen: lastSeen[index]
                    ))
            }
        }
    }

    private mutating func roll(to now: Instant) {
        guard let current = start else {
            start = now
            begun = now
            return
        }
        let elapsed = now - current
        guard elapsed >= Self.window else { return }
        let isNext = elapsed < Self.window * 2
        former = isNext ? counts : InlineArray(repeating: Count())
        counts = InlineArray(repeating: Count())
        start = isNext ? current + Self.window : now
    }
}
