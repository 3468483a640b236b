import RTP

/// Sends bytes through the parser of their kind and everything that can be asked of its result.
enum ParserReplay {
    /// Whether the parser takes the bytes. Offsets outside of them trap, in the parser or here.
    static func accepts(_ kind: String, _ bytes: [UInt8]) -> Bool {
        let span = bytes.span
        switch kind {
        case "rtp":
            guard let header = RTPHeader(parsing: span) else { return false }
            visit(header.payload, of: span)
            precondition(header.payload.upperBound + header.paddingLength == span.count)
            header.extensions.forEach(in: span) { id, data in
                visit(data, of: span)
                _ = AudioLevel(parsing: span, at: data)
                _ = AbsoluteSendTime(parsing: span, at: data)
                precondition(header.extensions.range(of: id, in: span) != nil)
            }
            return true
        case "rtcp":
            return acceptsRTCP(span)
        case "vp8":
            guard let descriptor = VP8Descriptor(parsing: span) else { return false }
            precondition(descriptor.headerLength <= span.count)
            precondition(descriptor.pictureIDOffset + (descriptor.pictureIDLength + 1) / 8 <= span.count)
            precondition(descriptor.tl0PictureIndexOffset < span.count)
            return true
        case "vp9":
            guard let descriptor = VP9Descriptor(parsing: span) else { return false }
            precondition(descriptor.headerLength <= span.count)
            precondition(descriptor.pictureIDOffset + (descriptor.pictureIDLength + 1) / 8 <= span.count)
            for layer in 0..<8 {
                _ = descriptor.scalabilityStructure?.size(ofLayer: layer, in: span)
            }
            return true
        case "h264":
            return H264Payload(parsing: span) != nil
        default:
            return AV1Payload(parsing: span) != nil
        }
    }

    private static func acceptsRTCP(_ span: Span<UInt8>) -> Bool {
        var isAccepted = true
        let isWellFormed = RTCPReader.forEachPacket(in: span) { packet in
            switch packet {
            case .senderReport(_, let reports), .receiverReport(_, let reports):
                for index in 0..<reports.count {
                    _ = reports.block(index, in: span)
                }
            case .goodbye(let range, let count):
                visit(range, of: span)
                precondition(range.count == count * 4)
            case .transportFeedback(let feedback):
                var results = 0
                let isComplete = feedback.forEachResult(in: span) { _, _ in results += 1 }
                precondition(results == (isComplete ? feedback.statusCount : 0))
                isAccepted = isAccepted && isComplete
            case .nack(let nack), .lossIndication(let nack):
                nack.forEachSequenceNumber(in: span) { _ in }
            case .fullIntraRequest(let request):
                request.forEachEntry(in: span) { _, _ in }
            case .receiverEstimatedMaximumBitrate(let estimate):
                estimate.forEachSource(in: span) { _ in }
            case .extendedReport(let range):
                isAccepted =
                    RTCPReader.forEachExtendedReportBlock(in: span, range: range) { _ in } && isAccepted
            case .sourceDescription, .pictureLossIndication, .other:
                break
            }
        }
        return isWellFormed && isAccepted
    }

    private static func visit(_ range: Range<Int>, of span: Span<UInt8>) {
        for index in range {
            _ = span[index]
        }
    }
}
