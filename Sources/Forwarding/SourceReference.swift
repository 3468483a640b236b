/// One encoding of one up track, named by value: an up track's slot number with its generation, and the number of the
/// encoding in it.
package struct SourceReference: Hashable, Sendable {
    package let track: UInt32
    package let generation: UInt32
    package let encoding: UInt8

    package init(track: UInt32, generation: UInt32, encoding: UInt8) {
        self.track = track
        self.generation = generation
        self.encoding = encoding
    }
}
