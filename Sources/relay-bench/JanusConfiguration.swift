import FoundationEssentials

/// The folder that Janus is configured by: ICE-lite, event loops, the HTTP API on loopback and one room; no log, no
/// other plugins or transports, no audio levels, no events.
struct JanusConfiguration {
    /// Why Janus cannot be had.
    enum Failure: Error, CustomStringConvertible {
        case noLibraries(String)

        var description: String {
            switch self {
            case .noLibraries(let folder): "there is no \(folder) with Janus' plugins: apt-get install janus"
            }
        }
    }

    static let videoRoom = "libjanus_videoroom.so"
    static let http = "libjanus_http.so"

    /// An address or the beginning of one by which media goes; Janus never takes loopback.
    let mediaAddress: String
    let httpPort: UInt16
    let eventLoops: Int
    let room: String

    /// Writes the files into a folder that exists.
    ///
    /// - Parameter libraries: where Debian has Janus' `plugins` and `transports`.
    func write(to folder: String, libraries: String) throws {
        let files = FileManager.default
        // Folders with just what is needed; Janus tries to start everything that it finds.
        for (kind, library) in [("plugins", Self.videoRoom), ("transports", Self.http)] {
            try files.createDirectory(atPath: "\(folder)/\(kind)", withIntermediateDirectories: true)
            let original = "\(libraries)/\(kind)/\(library)"
            guard files.fileExists(atPath: original) else { throw Failure.noLibraries(libraries) }
            try files.createSymbolicLink(
                atPath: "\(folder)/\(kind)/\(library)", withDestinationPath: original)
        }
        for (name, text) in [
            ("janus", core(folder)), ("janus.transport.http", transport), ("janus.plugin.videoroom", plugin),
        ] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name).jcfg"))
        }
    }

    /// Where Debian has Janus' libraries on this machine's architecture.
    static func libraries() throws(Failure) -> String {
        let root = "/usr/lib"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let folders =
            names.filter { $0.hasSuffix("-linux-gnu") }.map { "\(root)/\($0)/janus" } + ["\(root)/janus"]
        guard let found = folders.first(where: { FileManager.default.fileExists(atPath: "\($0)/plugins") })
        else {
            throw .noLibraries("\(root)/*/janus")
        }
        return found
    }

    private func core(_ folder: String) -> String {
        """
        general: {
            configs_folder = "\(folder)"
            plugins_folder = "\(folder)/plugins"
            transports_folder = "\(folder)/transports"
            events_folder = "\(folder)/events"
            loggers_folder = "\(folder)/loggers"
            debug_level = 0
            event_loops = \(eventLoops)
        }
        media: {
            ipv6 = false
        }
        nat: {
            ice_lite = true
            ice_enforce_list = "\(mediaAddress)"
            ignore_mdns = true
        }
        events: {
            broadcast = false
        }

        """
    }

    private var transport: String {
        """
        general: {
            events = false
            json = "compact"
            base_path = "/janus"
            http = true
            port = \(httpPort)
            ip = "127.0.0.1"
            https = false
        }
        admin: {
            admin_http = false
            admin_https = false
        }

        """
    }

    private var plugin: String {
        """
        general: {
            events = false
            string_ids = true
        }
        room-\(room): {
            description = "relay-bench"
            publishers = 100
            bitrate = 100000000
            bitrate_cap = false
            fir_freq = 0
            audiocodec = "opus"
            videocodec = "vp8"
            audiolevel_ext = false
            audiolevel_event = false
            record = false
            lock_record = true
            notify_joining = false
        }

        """
    }
}
