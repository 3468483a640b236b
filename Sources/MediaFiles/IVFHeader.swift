/// What an IVF file says of itself.
package struct IVFHeader: Hashable, Sendable {
    /// What the frames are coded with.
    package enum Codec: Hashable, Sendable, CustomStringConvertible {
        case vp8, vp9
        /// The four characters of another one.
        case other(String)

        package var description: String {
            switch self {
            case .vp8: "VP80"
            case .vp9: "VP90"
            case .other(let name): name
            }
        }

        init(_ name: String) {
            switch name {
            case "VP80": self = .vp8
            case "VP90": self = .vp9
            default: self = .other(name)
            }
        }
    }

    package var codec: Codec
    package var width: UInt16
    package var height: UInt16
    /// The seconds of a tick of the frames' times.
    package var timeBase: Ratio
    /// As the file says; a writer that could not go back has left 0 or anything else.
    package var frameCount: UInt32

    package init(codec: Codec, width: UInt16, height: UInt16, timeBase: Ratio, frameCount: UInt32 = 0) {
        self.codec = codec
        self.width = width
        self.height = height
        self.timeBase = timeBase
        self.frameCount = frameCount
    }

    static let length = 32
    static let frameHeaderLength = 12
    /// Where in the file the count of frames is.
    static let frameCountOffset = 24
}
