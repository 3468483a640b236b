import ArgumentParser
import Endpoint
import Impairment
import NodeIO
import Programs
import SDP
import Wire

/// `relay-bench load`: real WebRTC endpoints against a WHIP and WHEP server.
struct Load: AsyncParsableCommand {
    /// How many endpoints read what they receive.
    enum Decryption: String, ExpressibleByArgument, CaseIterable {
        case all, sample
    }

    static let configuration = CommandConfiguration(
        abstract: "Publish, watch or confer with many real WebRTC endpoints, and report what arrives.",
        discussion: """
            Every endpoint has its own UDP socket, ICE agent, DTLS handshake and SRTP keys. Pictures are synthetic VP8 \
            with the time of sending in the payload, so the latency is measured where sender and receiver share this \
            machine: from there to the moment at which the kernel puts the packet into the receiver's socket. Or they come from IVF files (--media), and the latency is that of the sound alone.

            Everybody joins (--join-rate), holds (--seconds), and leaves (--leave-rate). Expected are the packets that \
            a subscriber's publisher has sent during the hold. One thread drives some hundred endpoints that decrypt \
            everything; beyond that use --threads, --decrypt sample, or a second process with --publishers 0 that \
            watches what the first publishes (--name, --watched).

            With --api sessions everybody is a participant of one conference (--participants): each publishes a picture \
            and a voice, and receives one large and several small pictures and the loudest voices in slots. Somebody \
            else speaks every few seconds (--speak-interval): a tone (--tone), so that there is something to mix. The server chooses which layer goes where, so lost is \
            what sequence numbers say. Pauses at changes are from one source's last picture to the next one's first; a \
            slot that is empty in between counts. Key frames are counted by source, on average of its encodings, and by \
            encoding; extra ones are those between the first join and 2 s after the last beyond the first of each \
            encoding: what the storm costs. Files of --media bring key frames of their own. Who only counts packets \
            (--decrypt sample) takes every pause for a freeze, as it does not see sources change.

            Exits with 1 when endpoints failed or the server went away; the report shows what was seen until then.

            EXAMPLES
              relay-bench load --subscribers 50 --seconds 20
              relay-bench load --subscribers 200 --bitrate 1.1mbit --server-pid 4711 --json
              relay-bench load --layers 150kbit,500kbit,1.5mbit --subscribers 20 --churn 2
              relay-bench load --publishers 5 --subscribers 0 --media low.ivf,mid.ivf,high.ivf
              relay-bench load --publishers 1 --name stage --subscribers 500 --decrypt sample
              relay-bench load --publishers 0 --name stage --watched 1 --subscribers 500 --decrypt sample
              relay-bench load --api sessions --participants 50 --video-slots 9 --audio-slots 3 \\
                --layers 150kbit,500kbit,1.5mbit --decrypt sample --server-pid 4711
              relay-bench load --api sessions --participants 30 --join-rate 30 --churn 1 --speak-interval 2
              relay-bench load --api sessions --participants 4 --observe 20 --media low.ivf,mid.ivf,high.ivf

            IVF FILES
              ffmpeg -i film.mp4 -an -c:v libvpx -deadline realtime -lag-in-frames 0 -g 50 -b:v 500k -s 640x360 mid.ivf
            """)

    @Option(help: "Where the server's HTTP is.")
    var url = "http://127.0.0.1:8080"

    @Option(
        help: "What the server speaks: whip (and WHEP), janus, its VideoRoom, or sessions, our conferences.")
    var api = ServerAPI.whip

    @Option(help: "The WHIP endpoint of another server, with {room} and {participant} where they belong.")
    var publishURL: String?

    @Option(help: "The WHEP endpoint of another server, likewise.")
    var watchURL: String?

    @Option(help: "Sent as Authorization: Bearer.")
    var token: String?

    @Option(help: "The room to publish, watch or confer in.")
    var room = "bench"

    @Option(
        help:
            "What publishers and participants are called, followed by -0, -1 and so on; by default a name of this run's own."
    )
    var name: String?

    @Option(help: "How many endpoints publish (default: 1).")
    var publishers: Int?

    @Option(help: "How many endpoints watch; they share the publishers evenly (default: 50).")
    var subscribers: Int?

    @OptionGroup(title: "Conferences (--api sessions)")
    var conference: ConferenceOptions

    @Option(help: "With --publishers 0: how many publishers of --name there are to watch.")
    var watched = 1

    @Option(
        help: "Video of each publisher, such as 800kbit, or bits per second.",
        transform: { try BitrateArgument($0) })
    var bitrate = BitrateArgument(bitsPerSecond: 1_000_000)

    @Option(help: "Simulcast layers instead of --bitrate, lowest first, such as 150kbit,500kbit,1.5mbit.")
    var layers: String?

    @Option(help: "Pictures per second of each publisher.")
    var fps = 25

    @Option(help: "Payload bytes of a video packet.")
    var packetBytes = 1100

    @Option(help: "IVF files (VP8 or VP9) to publish in a loop: one for each simulcast layer, lowest first.")
    var media: String?

    @Flag(inversion: .prefixedNo, help: "Publish sound beside the picture.")
    var audio = true

    @Flag(inversion: .prefixedNo, help: "Ask for lost packets again.")
    var nack = true

    @Option(help: "Endpoints that join per second; a high rate makes a storm.")
    var joinRate = 50.0

    @Option(help: "Endpoints that leave per second at the end (default: as they joined).")
    var leaveRate: Double?

    @Option(
        help:
            "Subscribers, or participants, per second that leave during the hold, each replaced by a new one."
    )
    var churn = 0.0

    @Option(help: "How long to hold the load, after everybody has joined.")
    var seconds = 20

    @Option(help: "Threads that drive the endpoints.")
    var threads = 1

    @Option(help: "Own addresses to send from in turn, such as 127.0.0.1,127.0.0.2.")
    var sourceAddresses: String?

    @Option(
        help: "Who decrypts: all, or a sample of one in ten while the others count packets by their headers.")
    var decrypt = Decryption.all

    @Option(
        help:
            "Send media to this address instead of the one in the server's answers: that of relay-bench impair."
    )
    var via: String?

    @Option(help: "The server's process, to report its CPU time and memory.")
    var serverPid: Int32?

    @Flag(help: "Compare every byte that is received with what was sent.")
    var verify = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    var publisherCount: Int { publishers ?? 1 }
    var subscriberCount: Int { subscribers ?? 50 }

    func validate() throws {
        guard publisherCount >= 0, subscriberCount >= 0, watched >= 1, seconds >= 1, joinRate > 0,
            leaveRate ?? 1 > 0, churn >= 0, (1...64).contains(threads)
        else {
            throw ValidationError(
                "--publishers, --subscribers and --churn are at least 0, --watched and --seconds at least 1, "
                    + "--join-rate and --leave-rate above 0, --threads is 1 to 64.")
        }
        if api == .sessions {
            guard publishers == nil, subscribers == nil else {
                throw ValidationError(
                    "A conference has participants: with --api sessions use --participants and --observe.")
            }
            guard conference.participants ?? 1 > 0 else { throw ValidationError("There is nobody to see.") }
        } else {
            guard !conference.isUsed else {
                throw ValidationError(
                    "--participants, --observe, --temporal-layers and --tone are of --api sessions.")
            }
            guard publisherCount > 0 || subscriberCount > 0 else {
                throw ValidationError("There is nobody to join.")
            }
            guard publisherCount > 0 || name != nil else {
                throw ValidationError("--publishers 0 needs --name: whose pictures are to be watched?")
            }
        }
        guard (1...240).contains(fps), (64...1200).contains(packetBytes) else {
            throw ValidationError("--fps is 1 to 240, --packet-bytes is 64 to 1200.")
        }
        guard api == .whip || publishURL == nil && watchURL == nil, api != .janus || token == nil else {
            throw ValidationError("--publish-url and --watch-url are of --api whip, --token is not of janus.")
        }
        guard media == nil || layers == nil else {
            throw ValidationError("--media brings its own layers: leave --layers out.")
        }
    }

    func run() async throws {
        // Every endpoint is a socket.
        ChildProcess.raiseFileLimit()
        let report: any LoadOutcome
        do {
            report =
                api == .sessions
                ? try await ConferenceRun(ConferencePlan(self)).run()
                : try await LoadRun(LoadPlan(self)).run()
        } catch let failure as LoadPlan.Failure {
            throw ValidationError(failure.description)
        }
        print(json ? try report.document() : report.text)
        if let reason = report.measures.stopped { Progress.write("Error: \(reason)\n") }
        if !report.measures.failures.isEmpty || report.measures.stopped != nil { throw ExitCode.failure }
    }
}
