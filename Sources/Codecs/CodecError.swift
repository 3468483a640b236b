/// Why a picture or a sound could not be decoded or encoded.
package enum CodecError: Error, Sendable, Equatable {
    /// The library refused to begin: its own words.
    case cannotOpen(reason: String)
    /// The bitstream is damaged, or refers to pictures that are missing: the library's own words.
    case damaged(reason: String)
    /// A picture is larger than what is taken.
    case tooLarge(width: Int, height: Int)
    /// Something else than 8-bit 4:2:0.
    case unsupportedFormat
    /// The library refused a picture, a sound or a setting: its own words.
    case refused(reason: String)
}
