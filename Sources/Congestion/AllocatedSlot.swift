/// One receiving m-line of a subscriber as the allocator sees it: what is wanted there, what there is, what is sent.
package struct AllocatedSlot: Sendable {
    /// What the slot is sent.
    package enum Choice: Equatable, Sendable {
        /// Nothing is wanted, or the source has no layer.
        case unused
        /// There is no room even for the smallest layer; the subscriber is to be told.
        case paused
        /// The layer with this id.
        case layer(UInt8)
    }

    /// Slots with a higher number are served first.
    package var priority: UInt8
    /// The height in pixels in which the picture is shown; 0: not at all.
    package var wantedHeight: Int {
        didSet { if wantedHeight > oldValue { isFresh = true } }
    }
    /// The layers of its source as they are now. A layer keeps its id from one update to the next.
    package var options: LayerOptions
    package internal(set) var choice = Choice.unused

    /// Whether the slot may change at once: it is new, has a new source, or is wanted larger.
    var isFresh = true
    /// Since when there has been room for more, in microseconds.
    var roomSince: Int64?
    var lastSwitch: Int64?
    var lastRaise: Int64?
    /// From one switch up to the next, in microseconds.
    var patience = BitrateAllocator.shortestPatience

    package init(priority: UInt8, wantedHeight: Int, options: LayerOptions = LayerOptions()) {
        self.priority = priority
        self.wantedHeight = wantedHeight
        self.options = options
    }

    /// Shows another source; nothing that was learned with the old one holds.
    package mutating func show(_ options: LayerOptions) {
        self = AllocatedSlot(priority: priority, wantedHeight: wantedHeight, options: options)
    }

    /// What a choice takes of the link.
    package func bitsPerSecond(of choice: Choice) -> Int {
        switch choice {
        case .unused, .paused: 0
        case .layer(let id): cost(options.index(of: id) ?? -1)
        }
    }

    /// The index of the layer that is sent, -1 when none is.
    var current: Int {
        switch choice {
        case .unused, .paused: -1
        case .layer(let id): options.index(of: id) ?? -1
        }
    }

    /// The index of the best layer, -1 if none is wanted.
    var best: Int { options.best(for: wantedHeight) ?? -1 }

    /// What layer `index` takes; nothing for -1.
    func cost(_ index: Int) -> Int {
        index >= 0 ? Int(options[index].bitsPerSecond) : 0
    }
}
