import ArgumentParser

/// What `relay-bench load --api sessions` needs to know beyond what all loads have.
struct ConferenceOptions: ParsableArguments {
    @Option(help: "How many take part: each sends and receives (default: 10).")
    var participants: Int?

    @Option(help: "Others' pictures that each participant has room for: the first one large, the rest small.")
    var videoSlots = 9

    @Option(help: "Voices that each participant has room for.")
    var audioSlots = 3

    @Option(help: "The height in pixels that is asked for the large picture.")
    var largeHeight = 720

    @Option(help: "The height in pixels that is asked for the small ones.")
    var smallHeight = 180

    @Option(help: "How many take part beside the participants and send nothing.")
    var observe = 0

    @Option(help: "After so many seconds somebody else speaks.")
    var speakInterval = 4.0

    @Option(help: "How loud that is, 0 loudest to 126; who does not speak is silent.")
    var speechLevel = 20

    @Option(
        help: .init(
            "What who speaks sounds like: a tone of 50 to 7000 Hz as loud as --speech-level, and in between pauses as"
                + " browsers make them (default: another one for each of 24); 0: packets of silence all the time.",
            valueName: "hz"))
    var tone: Int?

    @Flag(help: "Give each encoding three temporal layers, as Chromium does.")
    var temporalLayers = false

    /// Whether anything was said of participants.
    var isUsed: Bool { participants != nil || observe > 0 || temporalLayers || tone != nil }

    func validate() throws {
        guard participants ?? 1 >= 0, observe >= 0, (0...48).contains(videoSlots),
            (0...48).contains(audioSlots),
            (0...4320).contains(largeHeight), (0...4320).contains(smallHeight), speakInterval > 0,
            (0...126).contains(speechLevel), tone.map({ $0 == 0 || (50...7000).contains($0) }) ?? true
        else {
            throw ValidationError(
                "--participants and --observe are at least 0, --video-slots and --audio-slots 0 to 48, "
                    + "--large-height and --small-height 0 to 4320, --speak-interval above 0, "
                    + "--speech-level 0 to 126, --tone 0 or 50 to 7000.")
        }
        guard videoSlots + audioSlots > 0 else { throw ValidationError("There is no slot to receive in.") }
    }
}
