package import Wire

/// How much CPU the lanes of one thread may take for a picture: all that nobody else needs, and less as lanes multiply or the
/// workers get busy.
///
///     fast <--> real-time <--> full
///
/// It is decided by measured time, a second at a time: the share of it that decoding and coding took, which is the time for a
/// picture against the interval of pictures, summed over all sources; and how many pictures were late. Down it goes after one
/// second that was too short. Up it goes when the dearer search would have fitted for some seconds, with room to spare; who
/// had to come back soon waits twice as long, since each step changes what pictures look like.
package struct EffortGovernor: Sendable {
    /// The share of the thread's time from which on the effort goes down, and from which on no more lanes are taken.
    private static let busy = 0.7
    package static let full = 0.85
    /// What the next effort is expected to take at most before it is tried.
    private static let promising = 0.6
    /// A picture that leaves so long after it came is late: viewers are promised 60 ms for 95 of 100.
    private static let patienceForPictures = Duration.milliseconds(45)
    /// One picture in so many may be late.
    private static let lateShare = 20
    /// A picture that has waited for so long shows that the thread does not keep up. Late ones alone do not: on a busy machine a
    /// thread that yields to others is late, and who is refused a lane is sent more than its link carries.
    private static let backlog = Duration.milliseconds(250)
    private static let window = Duration.seconds(1)
    /// What was measured holds for so long: a thread that has pictures measures anew each second.
    private static let memory = Duration.seconds(3)
    /// For so long after a step down what has waited is worked off before anything is measured.
    private static let longestDrain = Duration.milliseconds(1500)
    /// Seconds in a row that have to promise room for more effort.
    private static let shortestPatience = 4
    private static let longestPatience = 64
    /// An effort that was kept for so many seconds was no mistake.
    private static let proof = 20
    /// What a lane is taken to need with the least effort, until that is measured: for coding, and for decoding 30 pictures of
    /// 720 lines a second.
    private static let newLane = 0.03
    private static let newSource = 0.07

    package private(set) var effort: Effort
    /// The share of time that decoding and coding took in the last second.
    package var load: Double { decodingLoad + codingLoad }
    private let ceiling: Effort
    private var decodingLoad = 0.0
    private var codingLoad = 0.0

    private var windowStart: Instant?
    private var decoding = Duration.zero
    private var coding = Duration.zero
    private var pictures = 0
    private var latePictures = 0
    private var overduePictures = 0
    /// Those that would be late if all took as much longer as the next effort does.
    private var nearlyLatePictures = 0
    /// What the lanes that began in this second, and in the one before, are taken to need: they are not measured yet.
    private var newLoad = 0.0
    private var recentLoad = 0.0

    private var calmWindows = 0
    private var patience = EffortGovernor.shortestPatience
    private var windowsSinceStep = 0
    private var hasClimbed = false
    /// What coding took before the last climb, and before the last one that failed.
    private var loadBeforeClimb = 0.0
    private var failedAtLoad = 0.0
    private var lastStep: Instant?
    private var wasOverrun = false
    /// Whether pictures still wait that a former effort has left waiting.
    private var isDraining = false

    /// - Parameter ceiling: the most that is ever taken.
    package init(startingAt effort: Effort = .realtime, ceiling: Effort = .full) {
        self.effort = min(effort, ceiling)
        self.ceiling = ceiling
    }

    /// Whether not even the least effort leaves time enough.
    package var isOverloaded: Bool { effort == .fast && load > Self.full }

    /// Whether there is time for another lane, with the least effort. It is taken as begun.
    ///
    /// - Parameter shortSide: of the pictures that have to be decoded for it, in pixels; 0 if they are decoded already.
    package mutating func admit(decoding shortSide: Int, at now: Instant) -> Bool {
        forgetIfIdle(at: now)
        guard effort > .fast || !wasOverrun else { return false }
        let least = codingLoad / effort.cost
        let size = Double(shortSide) / 720
        let expected = Self.newLane + Self.newSource * size * size
        // One lane there is time for on any thread that has nothing else to do.
        let isAlone = load + newLoad + recentLoad == 0
        guard isAlone || decodingLoad + least + newLoad + recentLoad + expected < Self.full else {
            return false
        }
        newLoad += expected
        return true
    }

    /// Takes note of a picture.
    ///
    /// - Parameters:
    ///   - decoding: what decoding took.
    ///   - coding: what scaling, analysis and coding took, for all lanes.
    ///   - waiting: for how long the picture had waited before.
    package mutating func spent(
        decoding: Duration, coding: Duration, waiting: Duration, at now: Instant
    ) {
        self.decoding += decoding
        self.coding += coding
        pictures += 1
        let delay = waiting + decoding + coding
        if delay > Self.patienceForPictures { latePictures += 1 }
        if waiting > Self.backlog { overduePictures += 1 }
        if delay * climbCost > Self.patienceForPictures { nearlyLatePictures += 1 }
        guard let start = windowStart else {
            begin(at: now)
            return
        }
        // What came before the last step says nothing of the present effort.
        if waiting > Self.backlog, effort > .fast, now - waiting >= lastStep ?? start {
            lower(at: now)
            begin(at: now)
            return
        }
        if isDraining {
            isDraining = waiting > Self.patienceForPictures && now - start < Self.longestDrain
            if !isDraining { begin(at: now) }
            return
        }
        let elapsed = now - start
        guard elapsed >= Self.window else { return }
        decodingLoad = self.decoding.inSeconds / elapsed.inSeconds
        codingLoad = self.coding.inSeconds / elapsed.inSeconds
        decide(at: now)
        begin(at: now)
    }

    /// When nobody has sent pictures for a while the thread has nothing to do, however busy it was before.
    private mutating func forgetIfIdle(at now: Instant) {
        guard let start = windowStart, now - start > Self.memory else { return }
        decodingLoad = 0
        codingLoad = 0
        wasOverrun = false
        isDraining = false
        failedAtLoad = 0
        patience = Self.shortestPatience
        begin(at: now)
    }

    private mutating func decide(at now: Instant) {
        windowsSinceStep += 1
        if hasClimbed, windowsSinceStep >= Self.proof { patience = Self.shortestPatience }
        if codingLoad < failedAtLoad * 0.7 {
            // Others are gone: what failed then is another matter now.
            failedAtLoad = 0
            patience = Self.shortestPatience
        }
        wasOverrun = isMuch(overduePictures)
        if load > Self.busy || isMuch(latePictures) {
            calmWindows = 0
            if effort > .fast { lower(at: now) }
        } else if effort < ceiling, decodingLoad + codingLoad * climbCost < Self.promising,
            !isMuch(nearlyLatePictures)
        {
            calmWindows += 1
            if calmWindows >= patience { raise(at: now) }
        } else {
            calmWindows = 0
        }
    }

    /// Whether so many of a second's pictures are not a few.
    private func isMuch(_ count: Int) -> Bool { count > 1 && count * Self.lateShare > pictures }

    private mutating func lower(at now: Instant) {
        if hasClimbed, windowsSinceStep < Self.proof {
            patience = min(patience * 2, Self.longestPatience)
            failedAtLoad = loadBeforeClimb
        }
        hasClimbed = false
        isDraining = true
        // Until the next second has been measured.
        codingLoad *= effort.lowered.cost / effort.cost
        step(to: effort.lowered, at: now)
    }

    private mutating func raise(at now: Instant) {
        hasClimbed = true
        loadBeforeClimb = codingLoad
        codingLoad *= climbCost
        step(to: effort.raised, at: now)
    }

    /// What the next slower search costs in coding, in what the present one does; decoding stays as it is.
    private var climbCost: Double { effort.raised.cost / effort.cost }

    private mutating func step(to new: Effort, at now: Instant) {
        effort = new
        calmWindows = 0
        windowsSinceStep = 0
        lastStep = now
    }

    private mutating func begin(at now: Instant) {
        windowStart = now
        decoding = .zero
        coding = .zero
        pictures = 0
        latePictures = 0
        overduePictures = 0
        nearlyLatePictures = 0
        recentLoad = newLoad
        newLoad = 0
    }
}
