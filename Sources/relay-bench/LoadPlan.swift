import Endpoint
import FoundationEssentials
import Impairment
import SDP
import Wire

/// What a load is to do: the command's options, checked, and the files read.
struct LoadPlan: Sendable {
    /// Why an option cannot be followed.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What the encodings of a browser's simulcast are called, lowest first.
    private static let rids = ["q", "h", "f", "g"]

    let server: ServerAddress
    let token: String?
    let api: ServerAPI
    let room: String
    let name: String
    let publishers: Int
    let subscribers: Int
    /// How many publishers there are to watch.
    let watched: Int
    let joinRate: Double
    let leaveRate: Double
    let churn: Double
    let seconds: Int
    let threads: Int
    let sources: [SocketAddress]
    let decryption: Load.Decryption
    let via: SocketAddress?
    let serverPid: Int32?
    let seed: UInt64
    /// What every publisher is like.
    let publisher: EndpointSettings
    private let subscriber: EndpointSettings

    init(_ load: Load) throws(Failure) {
        do {
            server = ServerAddress(base: load.url, publish: load.publishURL, watch: load.watchURL)
            try server.check()
        } catch {
            throw Failure(description: error.description)
        }
        seed = UInt64.random(in: .min ... .max)
        token = load.token
        api = load.api
        room = try Self.checked(load.room, option: "--room")
        name = try Self.checked(load.name ?? "bench-\(String(seed, radix: 36))", option: "--name")
        publishers = load.publisherCount
        subscribers = load.subscriberCount
        watched = load.publisherCount > 0 ? load.publisherCount : load.watched
        joinRate = load.joinRate
        leaveRate = load.leaveRate ?? load.joinRate
        churn = load.churn
        seconds = load.seconds
        threads = load.threads
        decryption = load.decrypt
        serverPid = load.serverPid
        sources = try Self.list(load.sourceAddresses).map { text throws(Failure) in
            guard let address = SocketAddress(host: text, port: 0) else {
                throw Failure(description: "--source-addresses: \(text) is no IP address.")
            }
            return address
        }
        via = try load.via.map { text throws(Failure) in
            guard let address = SocketAddress(text), address.port > 0 else {
                throw Failure(description: "--via: \(text) is no address and port such as 127.0.0.1:5000.")
            }
            return address
        }

        let clips = try Self.clips(load.media)
        var publisher = EndpointSettings.publisher
        publisher.video.framesPerSecond = load.fps
        publisher.video.packetBytes = load.packetBytes
        publisher.video.layers = try Self.layers(load, clips: clips.count)
        publisher.clips = clips
        var subscriber = EndpointSettings.watcher
        subscriber.verifiesContent = load.verify
        subscriber.requiresSyntheticContent = clips.isEmpty && load.publisherCount > 0
        publisher.repairsLosses = load.nack
        subscriber.repairsLosses = load.nack
        if let codec = clips.first?.codec {
            publisher.videoCodec = codec
            subscriber.videoCodec = codec
        }
        if !load.audio {
            publisher.sections.removeAll { $0.kind == .audio }
            subscriber.sections.removeAll { $0.kind == .audio }
        }
        self.publisher = publisher
        self.subscriber = subscriber
    }

    /// What publisher `number` is called.
    func participant(_ number: Int) -> String { "\(name)-\(number)" }

    func publisherTask(_ number: Int) -> Fleet.Assignment {
        Fleet.Assignment(
            settings: publisher, seed: seed &+ UInt64(number), publisher: number, source: source(number))
    }

    /// - Parameter number: counts all subscribers, those who replace others included.
    func subscriberTask(_ number: Int, watching publisher: Int) -> Fleet.Assignment {
        var settings = subscriber
        settings.decryptsMedia = decryption == .all || number % 10 == 0
        return Fleet.Assignment(
            settings: settings, seed: seed &+ UInt64(publishers + number), publisher: publisher,
            source: source(publishers + number))
    }

    /// The address that endpoint `number` sends from; nil lets the kernel choose.
    func source(_ number: Int) -> SocketAddress? {
        sources.isEmpty ? nil : sources[number % sources.count]
    }

    // MARK: - Reading options

    private static func list(_ text: String?) -> [String] {
        text.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
    }

    /// Names go into URLs and are names of rooms and participants.
    private static func checked(_ name: String, option: String) throws(Failure) -> String {
        let isValid = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2D || byte == 0x2E || byte == 0x5F
        }
        guard isValid, (1...50).contains(name.utf8.count) else {
            throw Failure(description: "\(option): \(name) must be 1 to 50 letters, digits, dots, _ and -.")
        }
        return name
    }

    private static func layers(_ load: Load, clips: Int) throws(Failure) -> [SyntheticVideo.Layer] {
        guard clips == 0 else {
            // The bit rate is that of the file.
            return (0..<clips).map { .init(rid: clips > 1 ? rids[$0] : nil, bitsPerSecond: 0) }
        }
        let texts = list(load.layers)
        guard !texts.isEmpty else { return [.init(bitsPerSecond: load.bitrate.bitsPerSecond)] }
        guard texts.count <= rids.count else {
            throw Failure(description: "--layers: at most \(rids.count) layers can be sent.")
        }
        var layers: [SyntheticVideo.Layer] = []
        for (rid, text) in zip(rids, texts) {
            do {
                let rate = try BitrateArgument(text)
                layers.append(.init(rid: texts.count > 1 ? rid : nil, bitsPerSecond: rate.bitsPerSecond))
            } catch {
                throw Failure(description: "--layers: \(error.description)")
            }
        }
        return layers
    }

    private static func clips(_ media: String?) throws(Failure) -> [VideoClip] {
        let paths = list(media)
        guard paths.count <= rids.count else {
            throw Failure(description: "--media: at most \(rids.count) layers can be sent.")
        }
        var clips: [VideoClip] = []
        for path in paths {
            let data: Data
            do {
                data = try Data(contentsOf: URL(filePath: path))
            } catch {
                throw Failure(description: "--media: \(path) cannot be read: \(Self.reason(error)).")
            }
            do {
                clips.append(try VideoClip(ivf: [UInt8](data)))
            } catch {
                throw Failure(description: "--media: \(path) cannot be used, \(error.description).")
            }
        }
        if let first = clips.first, let other = clips.firstIndex(where: { $0.codec != first.codec }) {
            throw Failure(
                description: "--media: \(paths[0]) is \(first.codec.name), but \(paths[other]) is "
                    + "\(clips[other].codec.name); all layers need one codec.")
        }
        return clips
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        return switch error.code {
        case .fileNoSuchFile, .fileReadNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "permission denied"
        default: "error \(error.code.rawValue)"
        }
    }
}
