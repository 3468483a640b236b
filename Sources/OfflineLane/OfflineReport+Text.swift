import FoundationEssentials

extension OfflineReport {
    /// With a record for each picture.
    package var document: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// For people.
    package var text: String {
        var lines = [
            "\(codec) \(mode) at \(tier), \(effort) effort, target \(Self.kilobits(Double(targetBitsPerSecond)))",
            "pictures   \(pictures) in \(Self.number(seconds, 1)) s, \(keyFrames + resyncFrames + deltaFrames) coded "
                + "(\(keyFrames) key, \(resyncFrames) resync), \(unchangedPictures) unchanged, "
                + "\(picturesOverBudget) over budget",
            "rate       \(Self.kilobits(bitsPerSecond)), on the wire \(Self.kilobits(bitsPerSecondOnWire)), "
                + "fullest second \(Self.kilobits(peakBitsPerSecond)); \(Self.number(framesPerSecond, 1)) frames a second, "
                + "longest pause \(Self.number(longestPauseSeconds, 2)) s",
            "CPU        \(Self.number(millisecondsPerFrame, 2)) ms a frame (95 % below "
                + "\(Self.number(millisecondsPerFrameP95, 2))), \(Self.number(millisecondsPerPicture, 2)) ms a picture",
        ]
        if failures > 0 { lines.append("FAILED     libvpx refused \(failures) pictures") }
        if let joins {
            lines.append(
                "joins      \(joins.started) of \(joins.joins) started at \(joins.starts) moments after "
                    + "\(Self.number(joins.meanWaitSeconds, 2)) s (longest \(Self.number(joins.longestWaitSeconds, 2))); "
                    + "\(joins.comparedPictures) pictures compared, "
                    + Self.verdict(joins.differentPictures, joins.decoderErrors))
        }
        if let loss {
            lines.append(
                "loss       \(loss.lostFrames) of \(loss.frames) frames lost, \(loss.interruptions) interruptions, "
                    + "\(loss.recoveries) recoveries (\(loss.recoveriesWithAnchor) with the key frame) after "
                    + "\(Self.number(loss.meanRecoverySeconds, 2)) s (longest "
                    + "\(Self.number(loss.longestRecoverySeconds, 2))); \(loss.comparedPictures) pictures compared, "
                    + Self.verdict(loss.differentPictures, loss.decoderErrors))
        }
        return lines.joined(separator: "\n")
    }

    private static func verdict(_ different: Int, _ errors: Int) -> String {
        different + errors == 0 ? "all equal" : "\(different) DIFFERENT, \(errors) decoder ERRORS"
    }

    private static func kilobits(_ bitsPerSecond: Double) -> String {
        "\(number(bitsPerSecond / 1000, 1)) kbit/s"
    }

    private static func number(_ value: Double, _ digits: Int) -> String {
        let factor = digits == 1 ? 10.0 : 100
        return "\((value * factor).rounded() / factor)"
    }
}
