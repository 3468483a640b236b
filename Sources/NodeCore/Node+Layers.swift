import Congestion
import Forwarding
import Wire

// What layers the sources have at present.
extension Node {
    /// A layer whose size is not known yet counts for this height, by its encoding's place.
    private static let guessedHeights = [180, 360, 720, 1080]

    /// A track's layers as the allocator knows them, those included that their sender has switched off because nobody
    /// wanted them.
    mutating func options(of track: Int, at now: Instant) -> LayerOptions {
        var options = LayerOptions()
        for option in layers(of: track, at: now) {
            let packets = max(Int(option.framesPerSecond), option.bitsPerSecond / 8 / 1100)
            let guess = Self.guessedHeights[min(Int(option.layer.encoding), 3)]
            options.insert(
                Congestion.LayerOption(
                    bitsPerSecond: Congestion.LayerOption.bitsPerSecondOnWire(
                        option.bitsPerSecond, packetsPerSecond: packets),
                    height: option.height ?? guess, framesPerSecond: Int(option.framesPerSecond.rounded()),
                    id: option.layer.number))
        }
        return options
    }

    /// The layers of a track, measured anew a few times a second for all subscribers together.
    mutating func layers(of track: Int, at now: Instant) -> [Forwarding.LayerOption] {
        while layerCache.count <= track { layerCache.append(LayerCache()) }
        let generation = upTracks.generation(of: track)
        if layerCache[track].generation == generation, layerCache[track].until > now {
            return layerCache[track].options
        }
        var options = upTracks[track]?.layers(at: now) ?? []
        if layerCache[track].generation == generation {
            let sleeping = layerCache[track].dormant.filter { dormant in
                !options.contains { $0.layer.encoding == dormant.layer.encoding }
            }
            if !sleeping.isEmpty {
                options += sleeping
                options.sort { $0.bitsPerSecond < $1.bitsPerSecond }
            }
        } else {
            layerCache[track] = LayerCache()
        }
        layerCache[track].generation = generation
        layerCache[track].until = now + SubscriberLink.allocationInterval
        layerCache[track].options = options
        return options
    }

    /// The layer with the fewest bits, as far as that was measured.
    mutating func lowestLayer(of track: Int) -> Layer? { lastLayers(of: track).first?.layer }

    /// The layers as they were measured last.
    mutating func lastLayers(of track: Int) -> [Forwarding.LayerOption] {
        guard track < layerCache.count, layerCache[track].generation == upTracks.generation(of: track) else {
            return []
        }
        return layerCache[track].options
    }
}

/// The layers of one up track as they were measured last.
struct LayerCache {
    var generation: UInt32 = 0
    var until = Instant(nanoseconds: .min)
    var options: [Forwarding.LayerOption] = []
    /// Those that their sender was told to switch off.
    var dormant: [Forwarding.LayerOption] = []
}
