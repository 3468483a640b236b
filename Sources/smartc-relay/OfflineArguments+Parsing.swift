import ArgumentParser
import OfflineLane
import Transcoding

extension OfflineEffort: ExpressibleByArgument {
    package static var allValueStrings: [String] { Effort.allCases.reversed().map { "\($0)" } }
}

extension ShareArgument: ExpressibleByArgument {
    package var defaultValueDescription: String { description }
}

extension SizeArgument: ExpressibleByArgument {}
