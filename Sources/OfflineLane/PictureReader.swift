package import Codecs
package import MediaFiles

/// Pictures from a y4m or IVF file that comes in pieces, the latter decoded.
package struct PictureReader: ~Copyable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case file(MediaFileError)
        case codec(String)
        case tooLarge(width: Int, height: Int)
        case time(frame: Int)
        case decoder(CodecError)

        package var description: String {
            switch self {
            case .file(let error): error.description
            case .codec(let name):
                "the codec is \(name); VP80 and VP90 are read from IVF, others from webm, mkv or mp4 by ffmpeg"
            case .tooLarge(let width, let height):
                "pictures of \(width)x\(height); \(Picture.largestSide) a side are the most"
            case .time(let frame): "in frame \(frame): its time is a week from the first one's"
            case .decoder(let error): "\(error)"
            }
        }
    }

    private let format: PictureFormat
    private var ivf = IVFReader()
    private var y4m = Y4MReader()
    private var decoder: VPXDecoder?
    private var firstTime: UInt64?
    /// The picture that was read last; one that has not the right size is made anew.
    package private(set) var picture = Picture(width: 2, height: 2)
    /// Its time in ticks of 90 kHz, from the first one on.
    package private(set) var time: Int64 = 0
    /// Pictures that came.
    package private(set) var pictureCount = 0
    /// Frames of an IVF file that could not be decoded: they are left out.
    package private(set) var damagedFrames = 0

    /// - Parameter format: what the file is; what is not IVF is taken for y4m.
    package init(_ format: PictureFormat) {
        self.format = format
        decoder = nil
    }

    /// Pictures a second, as far as the file says; nil: not here yet, or an IVF file, whose frames have times.
    package var frameRate: Ratio? { y4m.header?.frameRate }

    package mutating func append(_ bytes: [UInt8]) {
        if format == .ivf { ivf.append(bytes) } else { y4m.append(bytes) }
    }

    /// Goes on to the next picture; false: more bytes are needed.
    package mutating func next() throws(Failure) -> Bool {
        format == .ivf ? try nextFrame() : try nextPicture()
    }

    /// To be called when nothing more comes: says what is missing, if something is.
    package func finish() throws(Failure) {
        do throws(MediaFileError) {
            if format == .ivf { try ivf.finish() } else { try y4m.finish() }
        } catch {
            throw .file(error)
        }
    }

    // MARK: - Private

    private mutating func nextPicture() throws(Failure) -> Bool {
        let next: Y4MPicture?
        do throws(MediaFileError) { next = try y4m.next() } catch { throw .file(error) }
        if let header = y4m.header { try adopt(header.width, header.height) }
        guard let next, let header = y4m.header else { return false }
        for (plane, range) in [
            (Picture.Plane.luma, next.luma), (.blueDifference, next.chromaU), (.redDifference, next.chromaV),
        ] {
            let (width, height, stride) =
                (picture.width(of: plane), picture.height(of: plane), picture.stride(of: plane))
            let samples = y4m.bytes.span.extracting(range)
            picture.withMutablePlane(plane) { target in
                for row in 0..<height {
                    for column in 0..<width { target[row * stride + column] = samples[row * width + column] }
                }
            }
        }
        guard let moment = header.frameRate.inverse.duration(of: Int64(next.number)) else {
            throw .time(frame: next.number)
        }
        shown(at: moment)
        return true
    }

    private mutating func nextFrame() throws(Failure) -> Bool {
        while true {
            let next: IVFFrame?
            do throws(MediaFileError) { next = try ivf.next() } catch { throw .file(error) }
            guard let next, let header = ivf.header else { return false }
            // An encoder that has dropped a frame may write it with no bytes.
            guard !next.bytes.isEmpty, let size = try decode(next, header) else { continue }
            try adopt(size.width, size.height)
            decoder?.scale(into: &picture)
            let first = firstTime ?? next.time
            firstTime = first
            let ticks = Int64(truncatingIfNeeded: next.time &- first)
            guard let moment = header.timeBase.duration(of: ticks) else { throw .time(frame: next.number) }
            shown(at: moment)
            return true
        }
    }

    /// nil: nothing to show came of it.
    private mutating func decode(
        _ frame: IVFFrame, _ header: IVFHeader
    ) throws(Failure) -> (width: Int, height: Int)? {
        if decoder == nil {
            let codec: VPXCodec
            switch header.codec {
            case .vp8: codec = .vp8
            case .vp9: codec = .vp9
            case .other(let name): throw .codec(name)
            }
            do throws(CodecError) { decoder = .some(try VPXDecoder(codec)) } catch { throw .decoder(error) }
        }
        do throws(CodecError) {
            guard try decoder?.decode(ivf.bytes.span.extracting(frame.bytes)) == true else { return nil }
            return decoder?.size
        } catch {
            // The source of a real lane would be asked for a key frame; here one may come.
            damagedFrames += 1
            return nil
        }
    }

    private mutating func shown(at moment: Duration) {
        pictureCount += 1
        let (seconds, attoseconds) = moment.components
        // Rounded, so that equal frame rates give equal times.
        time = seconds * 90_000 + (attoseconds / 1_000_000_000 * 90_000 + 500_000_000) / 1_000_000_000
    }

    private mutating func adopt(_ width: Int, _ height: Int) throws(Failure) {
        guard width != picture.width || height != picture.height else { return }
        guard (1...Picture.largestSide).contains(width), (1...Picture.largestSide).contains(height) else {
            throw .tooLarge(width: width, height: height)
        }
        picture = Picture(width: width, height: height)
    }
}
