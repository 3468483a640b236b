import RTP
import Testing
import Wire

@testable import Forwarding

@Suite struct LayerMeterTests {
    private static func packet(spatial: UInt8 = 0, temporal: UInt8 = 0) -> PacketDescription {
        var packet = PacketDescription()
        packet.spatialID = spatial
        packet.temporalID = temporal
        packet.startsFrame = true
        packet.tellsFrameStarts = true
        return packet
    }

    private static func options(_ meter: inout LayerMeter, at time: Int64) -> [LayerOption] {
        var options: [LayerOption] = []
        meter.append(to: &options, of: 2, at: .milliseconds(time))
        return options
    }

    @Test func `layers add up over those that they need`() throws {
        var meter = LayerMeter()
        // 20 pictures a second, T0 T1 by turns, two spatial layers of 100 and 300 bytes.
        for index in 0..<100 as Range<Int64> {
            for (spatial, bytes) in [(UInt8(0), 100), (1, 300)] {
                var packet = Self.packet(spatial: spatial, temporal: UInt8(index % 2))
                if index == 0 {
                    packet.sizes[0] = PictureSize(width: 320, height: 180)
                    packet.sizes[1] = PictureSize(width: 640, height: 360)
                }
                meter.add(packet, bytes: bytes, timestamp: UInt32(index), at: .milliseconds(index * 50))
            }
        }
        let options = Self.options(&meter, at: 4999)
        #expect(options.map(\.layer.spatial) == [0, 0, 1, 1])
        #expect(options.map(\.layer.temporal) == [0, 1, 0, 1])
        #expect(options.allSatisfy { $0.layer.encoding == 2 })
        for (option, expected) in zip(options, [8000, 16000, 32000, 64000]) {
            #expect(abs(option.bitsPerSecond - expected) < expected / 20, "\(option)")
        }
        for (option, expected) in zip(options, [10.0, 20, 10, 20]) {
            #expect(abs(option.framesPerSecond - expected) < expected / 20, "\(option)")
        }
        #expect(options.map(\.height) == [180, 180, 360, 360])
        #expect(options.map(\.width) == [320, 320, 640, 640])
        #expect(options[3].lastSeen == .milliseconds(4950))
    }

    @Test func `a layer that has ended is no option after two seconds`() {
        var meter = LayerMeter()
        for time in stride(from: 0 as Int64, to: 6000, by: 20) {
            meter.add(Self.packet(), bytes: 100, timestamp: UInt32(time), at: .milliseconds(time))
            if time < 3000 {
                meter.add(
                    Self.packet(temporal: 1), bytes: 100, timestamp: UInt32(time + 1), at: .milliseconds(time)
                )
            }
        }
        #expect(Self.options(&meter, at: 6000).map(\.layer.temporal) == [0])
        #expect(Self.options(&meter, at: 9000).isEmpty)
    }

    @Test func `a stream that has just begun is not underrated`() throws {
        var meter = LayerMeter()
        for time in stride(from: 0 as Int64, to: 400, by: 20) {
            meter.add(Self.packet(), bytes: 250, timestamp: UInt32(time), at: .milliseconds(time))
        }
        let option = try #require(Self.options(&meter, at: 400).first)
        #expect(abs(option.bitsPerSecond - 100_000) < 5000, "\(option)")
        #expect(option.height == nil)
    }

    @Test func `without descriptors a picture is a timestamp`() throws {
        var meter = LayerMeter()
        for index in 0..<300 as Range<Int64> {
            // Three packets for each picture, 25 pictures a second.
            meter.add(
                PacketDescription(), bytes: 100, timestamp: UInt32(index / 3),
                at: .milliseconds(index / 3 * 40))
        }
        let option = try #require(Self.options(&meter, at: 3999).first)
        #expect(abs(option.framesPerSecond - 25) < 1, "\(option)")
    }
}
