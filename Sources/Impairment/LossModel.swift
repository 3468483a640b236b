/// Which datagrams a link loses on the way, apart from those that its queue has no room for.
package enum LossModel: Hashable, Sendable {
    case none
    /// Each datagram is lost with this probability, 0 to 1.
    case random(Double)
    /// Losses come in runs of `averageLength` datagrams, at least 1; altogether `averageLoss` of them are
    /// lost, 0 to 1.
    case burst(averageLoss: Double, averageLength: Double)

    /// - Parameters:
    ///   - share: of all datagrams, 0 to 1.
    ///   - burstLength: the average length of a run of losses; nil: each is lost for itself.
    package init(share: Double, burstLength: Double?) {
        self =
            switch burstLength {
            case .some(let length): .burst(averageLoss: share, averageLength: length)
            case nil: share > 0 ? .random(share) : .none
            }
    }

    /// How much is lost altogether, 0 to 1.
    package var share: Double {
        switch self {
        case .none: 0
        case .random(let share), .burst(let share, _): share
        }
    }

    /// The average length of a run of losses, if losses come in runs.
    package var burstLength: Double? {
        switch self {
        case .none, .random: nil
        case .burst(_, let length): length
        }
    }
}

/// Decides one datagram after the other. Bursts are the two-state chain of Gilbert (Bell System Technical
/// Journal 39, 1960): everything is lost while in the bad state, nothing in the good one.
///
///     good --average loss / ((1 - average loss) * average length)--> bad --1 / average length--> good
struct LossProcess {
    var model: LossModel
    private var isInBurst = false

    init(_ model: LossModel) {
        self.model = model
    }

    mutating func loses(using generator: inout SplitMix64) -> Bool {
        switch model {
        case .none:
            isInBurst = false
            return false
        case .random(let probability):
            isInBurst = false
            return generator.nextFraction() < probability
        case .burst(let averageLoss, let averageLength):
            guard averageLoss < 1 else { return true }
            let leaving = 1 / max(averageLength, 1)
            let entering = leaving * averageLoss / (1 - averageLoss)
            let fraction = generator.nextFraction()
            isInBurst = isInBurst ? fraction >= leaving : fraction < entering
            return isInBurst
        }
    }
}
