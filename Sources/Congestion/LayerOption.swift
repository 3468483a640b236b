/// One way in which a source can be sent to a subscriber: a spatial and a temporal layer, or a transcoded tier.
package struct LayerOption: Hashable, Sendable, BitwiseCopyable {
    /// On the wire, with all headers: see `bitsPerSecondOnWire`.
    package var bitsPerSecond: Int32
    /// Of the picture, in pixels.
    package var height: UInt16
    package var framesPerSecond: UInt8
    /// What the caller knows the layer by; one number per layer of a source.
    package var id: UInt8

    package init(bitsPerSecond: Int, height: Int, framesPerSecond: Int, id: UInt8) {
        self.bitsPerSecond = Int32(clamping: bitsPerSecond)
        self.height = UInt16(clamping: height)
        self.framesPerSecond = UInt8(clamping: framesPerSecond)
        self.id = id
    }

    /// What a stream of RTP packets takes on the wire when it has been measured without IP, UDP and SRTP.
    ///
    /// - Parameter packetsPerSecond: at least the frames per second.
    package static func bitsPerSecondOnWire(_ bitsPerSecond: Int, packetsPerSecond: Int) -> Int {
        // SRTP's tag has 16 bytes at most.
        bitsPerSecond + packetsPerSecond * (BandwidthEstimator.headerBytes + 16) * 8
    }
}

/// The layers of one source, in ascending order of bitrate, twelve at most: four sizes with three frame rates.
package struct LayerOptions: Sendable {
    package static let capacity = 12

    private var options = InlineArray<12, LayerOption>(
        repeating: LayerOption(bitsPerSecond: 0, height: 0, framesPerSecond: 0, id: 0))
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Option `index`, below `count`.
    package subscript(index: Int) -> LayerOption { options[index] }

    /// Puts an option at its place. Beyond twelve the one with the highest bitrate is left out.
    package mutating func insert(_ option: LayerOption) {
        var index = count
        while index > 0, options[index - 1].bitsPerSecond > option.bitsPerSecond { index -= 1 }
        guard index < Self.capacity else { return }
        var last = min(count, Self.capacity - 1)
        while last > index {
            options[last] = options[last - 1]
            last -= 1
        }
        options[index] = option
        count = min(count + 1, Self.capacity)
    }

    /// Where the layer `id` stands, `nil` if the source has it no more.
    package func index(of id: UInt8) -> Int? {
        for index in 0..<count where options[index].id == id { return index }
        return nil
    }

    /// The best layer for a picture shown `wantedHeight` high: the smallest that is as high, at its highest frame
    /// rate; the largest if none is.
    func best(for wantedHeight: Int) -> Int? {
        guard wantedHeight > 0, count > 0 else { return nil }
        var height = 0
        for index in 0..<count {
            let candidate = Int(options[index].height)
            let isEnough = candidate >= wantedHeight
            let hadEnough = height >= wantedHeight
            if isEnough ? (!hadEnough || candidate < height) : (!hadEnough && candidate > height) {
                height = candidate
            }
        }
        var best = 0
        for index in 0..<count where Int(options[index].height) == height { best = index }
        return best
    }
}
