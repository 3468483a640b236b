import Wire

/// The key frames that were made, by source and encoding.
struct KeyFrameTally: Sendable {
    /// One encoding of one participant's picture.
    struct Key: Hashable, Sendable {
        /// Tells apart whose picture it is.
        let source: UInt64
        /// The RID, or nothing where there is one encoding only.
        let encoding: String
    }

    var counts: [Key: Int] = [:]

    mutating func add(_ other: KeyFrameTally) {
        counts.merge(other.counts) { $1 }
    }

    /// What was made since; of those who were there then.
    func since(_ former: KeyFrameTally) -> KeyFrameTally {
        var made = KeyFrameTally()
        for (key, count) in former.counts {
            if let now = counts[key] { made.counts[key] = now - count }
        }
        return made
    }

    /// Without the first key frame of each encoding, which is nobody's doing.
    var extra: KeyFrameTally {
        var tally = self
        tally.counts = counts.mapValues { max(0, $0 - 1) }
        return tally
    }

    /// Per source, as the average of its encodings, and for each encoding by itself; both times `factor`.
    func spread(times factor: Double = 1) -> [String: Spread] {
        var byEncoding: [String: [Double]] = [:]
        var bySource: [UInt64: [Double]] = [:]
        for (key, count) in counts {
            byEncoding[key.encoding, default: []].append(Double(count) * factor)
            bySource[key.source, default: []].append(Double(count) * factor)
        }
        var spread: [String: Spread] = [:]
        if byEncoding.count > 1 || byEncoding.keys.first?.isEmpty == false {
            for (encoding, values) in byEncoding { spread[encoding] = Spread(values) }
        }
        spread["source"] = Spread(bySource.values.map { $0.reduce(0, +) / Double($0.count) })
        spread["worst"] = Spread(bySource.values.compactMap { $0.max() })
        return spread
    }
}

/// The average and the largest of some values.
struct Spread: Encodable {
    let mean: Double
    let max: Double

    init(_ values: [Double]) {
        mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        max = values.max() ?? 0
    }

    var text: String { "\(decimal(mean, 2)), at most \(decimal(max, 2))" }
}
