import Endpoint
import FoundationEssentials
import SDP
import Wire

/// What a load of a conference is to do: the command's options, checked.
struct ConferencePlan: Sendable {
    /// What is asked of the server right after joining.
    private struct Control: Encodable {
        struct Slot: Encodable {
            let height: Int
        }

        let slots: [String: Slot]
    }

    /// The size of the highest layer in pixels; each below has half of it.
    private static let largest = (width: 1280, height: 720)
    /// Of who does not speak (RFC 6464): nothing.
    static let silenceLevel: UInt8 = 127

    /// What all loads have.
    let common: LoadPlan
    let participants: Int
    let observers: Int
    let videoSlots: Int
    let audioSlots: Int
    let speakInterval: Duration
    /// Of who speaks (RFC 6464): 0 loudest.
    let speechLevel: UInt8
    private let participant: EndpointSettings
    private let observer: EndpointSettings
    private let largeHeight: Int
    private let smallHeight: Int
    /// What participants sound like, in turn; none: all are silent.
    private let tones: [Tone]

    init(_ load: Load) throws(LoadPlan.Failure) {
        let common = try LoadPlan(load)
        let options = load.conference
        participants = options.participants ?? 10
        observers = options.observe
        videoSlots = options.videoSlots
        audioSlots = options.audioSlots
        speakInterval = .nanoseconds(Int64(options.speakInterval * 1e9))
        speechLevel = UInt8(clamping: options.speechLevel)
        largeHeight = options.largeHeight
        smallHeight = options.smallHeight

        tones = try Self.tones(options, count: participants)

        var settings = EndpointSettings.participant(video: options.videoSlots, audio: options.audioSlots)
        settings.video = common.publisher.video
        settings.clips = common.publisher.clips
        settings.videoCodec = common.publisher.videoCodec
        settings.repairsLosses = common.publisher.repairsLosses
        settings.verifiesContent = load.verify
        settings.requiresSyntheticContent = settings.clips.isEmpty
        settings.audio.level = Self.silenceLevel
        settings.video.hasTemporalLayers = options.temporalLayers
        let count = settings.video.layers.count
        for index in settings.video.layers.indices {
            settings.video.layers[index].width = Self.largest.width >> (count - 1 - index)
            settings.video.layers[index].height = Self.largest.height >> (count - 1 - index)
        }
        var observer = settings
        observer.sections.removeAll { $0.direction.sends }
        if !load.audio { settings.sections.removeAll { $0.kind == .audio && $0.direction.sends } }
        participant = settings
        self.observer = observer
        self.common = common
    }

    /// What somebody sends and receives.
    ///
    /// - Parameters:
    ///   - number: counts all who join, those who replace others included.
    ///   - isObserver: whether it sends nothing.
    func task(_ number: Int, isObserver: Bool) -> Fleet.Assignment {
        var settings = isObserver ? observer : participant
        if !isObserver, !tones.isEmpty { settings.audio.tone = tones[number % tones.count].packets }
        settings.decryptsMedia = common.decryption == .all || number % 10 == 0
        return Fleet.Assignment(
            settings: settings, seed: common.seed &+ UInt64(number), publisher: number,
            source: common.source(number))
    }

    /// The tone that was asked for, or as many as can be told from each other.
    private static func tones(_ options: ConferenceOptions, count: Int) throws(LoadPlan.Failure) -> [Tone] {
        let hertz =
            options.tone.map { $0 == 0 ? [] : [$0] } ?? (0..<min(max(count, 1), 24)).map { 250 + 125 * $0 }
        var tones: [Tone] = []
        for each in hertz {
            do {
                tones.append(try Tone(hertz: each, level: UInt8(clamping: options.speechLevel)))
            } catch {
                throw LoadPlan.Failure(description: "--tone: libopus does not begin: \(error).")
            }
        }
        return tones
    }

    /// The JSON that asks for one large picture and small ones.
    func control(for settings: EndpointSettings) throws -> String {
        var slots: [String: Control.Slot] = [:]
        for (index, mid) in settings.slots(.video).enumerated() {
            slots[mid] = Control.Slot(height: index == 0 ? largeHeight : smallHeight)
        }
        return String(decoding: try JSONEncoder().encode(Control(slots: slots)), as: UTF8.self)
    }
}
