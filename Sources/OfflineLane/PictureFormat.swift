/// What a file is, by its first bytes.
package enum PictureFormat: Sendable, Equatable {
    case ivf
    case y4m
    /// Something that ffmpeg may know.
    case other

    package init(beginning bytes: some Collection<UInt8>) {
        if bytes.starts(with: Array("DKIF".utf8)) {
            self = .ivf
        } else if bytes.starts(with: Array("YUV4MPEG2".utf8)) {
            self = .y4m
        } else {
            self = .other
        }
    }

    /// By the end of a name, as what is written.
    package init(named name: some StringProtocol) {
        let lowercase = name.lowercased()
        self = lowercase.hasSuffix(".ivf") ? .ivf : lowercase.hasSuffix(".y4m") ? .y4m : .other
    }
}
