/// Why a picture could not be decoded or encoded.
package enum CodecError: Error, Sendable, Equatable {
    /// libvpx refused to begin: its own words.
    case cannotOpen(reason: String)
    /// The bitstream is damaged, or refers to pictures that are missing: libvpx' own words.
    case damaged(reason: String)
    /// A picture is larger than what is taken.
    case tooLarge(width: Int, height: Int)
    /// Something else than 8-bit 4:2:0.
    case unsupportedFormat
    /// libvpx refused a picture or a setting: its own words.
    case refused(reason: String)
}
