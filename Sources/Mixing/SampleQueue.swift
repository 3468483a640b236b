/// Decoded sound that waits to be heard, in one array that is kept.
struct SampleQueue {
    private var samples: [Float] = []
    private var head = 0

    init() {
        samples.reserveCapacity(3 * 5760)
    }

    var count: Int { samples.count - head }

    /// Appends the first `count` of `other`.
    mutating func append(_ other: [Float], _ count: Int) {
        if head > 0, head == samples.count { removeAll() }
        samples.append(contentsOf: other[..<count])
    }

    /// Moves as many as there are, up to `output.count`, and fills the rest with silence.
    mutating func take(into output: inout [Float]) {
        let present = min(count, output.count)
        for index in 0..<present { output[index] = samples[head + index] }
        for index in present..<output.count { output[index] = 0 }
        head += present
        if head * 2 > samples.capacity {
            samples.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() {
        samples.removeAll(keepingCapacity: true)
        head = 0
    }
}
