package import Transcoding

/// An effort as it is written: `full`, `realtime`, `fast`.
package struct OfflineEffort: Sendable, Equatable, CustomStringConvertible {
    package let effort: Effort

    package init(_ effort: Effort) {
        self.effort = effort
    }

    package init?(argument: String) {
        guard let effort = Effort.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self.effort = effort
    }

    package var description: String { "\(effort)" }
}

/// A share as it is written: `5%` or `0.05`.
package struct ShareArgument: Sendable, Equatable, CustomStringConvertible {
    /// 0 to 1.
    package let share: Double

    package init(_ share: Double) {
        self.share = share
    }

    package init?(argument: String) {
        let isPercent = argument.hasSuffix("%")
        guard let number = Double(isPercent ? argument.dropLast() : argument[...]) else { return nil }
        let share = isPercent ? number / 100 : number
        guard (0...1).contains(share) else { return nil }
        self.share = share
    }

    package var description: String { "\(share)" }
}

/// A size of pictures as it is written: `640x360`.
package struct SizeArgument: Sendable, Equatable {
    package let size: PixelSize

    package init?(argument: String) {
        let sides = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 2, sides.allSatisfy({ (2...4096).contains($0) }) else { return nil }
        size = PixelSize(width: sides[0], height: sides[1])
    }
}
