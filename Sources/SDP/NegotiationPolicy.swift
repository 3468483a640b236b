extension Negotiation {
    /// Which sections of an offer are taken, and what is agreed on in them.
    package struct Policy: Hashable, Sendable {
        /// What is agreed on in the sections of one direction.
        package struct Terms: Hashable, Sendable {
            package var audioFeedback: Set<Feedback>
            package var videoFeedback: Set<Feedback>
            package var extensions: Set<HeaderExtensionKind>

            package init(
                audioFeedback: Set<Feedback>, videoFeedback: Set<Feedback>,
                extensions: Set<HeaderExtensionKind>
            ) {
                self.audioFeedback = audioFeedback
                self.videoFeedback = videoFeedback
                self.extensions = extensions
            }

            /// What both agree on.
            func intersection(_ other: Terms) -> Terms {
                Terms(
                    audioFeedback: audioFeedback.intersection(other.audioFeedback),
                    videoFeedback: videoFeedback.intersection(other.videoFeedback),
                    extensions: extensions.intersection(other.extensions),
                )
            }
        }

        /// For sections in which the remote sends; nil: this node does not receive.
        package var receiving: Terms?
        /// For sections in which the remote receives; nil: this node does not send.
        package var sending: Terms?
        /// Whether simulcast is taken, in sections in which this node only receives.
        package var takesSimulcast: Bool
        /// Encodings of one source that are taken; those after are refused in the answer.
        package var maximumEncodings = 4
        /// Whether who sends is asked for no more than a weak link carries; of simulcast the encoding is taken that stands first.
        package var uplink = UplinkTerms.unlimited
        /// Sections that an offer may have, rejected ones included.
        package var maximumSections = 64

        package init(receiving: Terms?, sending: Terms?, takesSimulcast: Bool) {
            self.receiving = receiving
            self.sending = sending
            self.takesSimulcast = takesSimulcast
        }

        /// Takes sections that send; answers `recvonly`.
        package static let publish = Policy(receiving: .publisher, sending: nil, takesSimulcast: true)
        /// Takes sections that receive; answers `sendonly`.
        package static let watch = Policy(receiving: nil, sending: .subscriber, takesSimulcast: false)
        /// Takes sections that send, with simulcast, and sections that receive: a participant of a conference.
        package static let participate = Policy(
            receiving: .publisher, sending: .subscriber, takesSimulcast: true)
        /// Takes all directions and mirrors them. Where both sides send, only what suits both directions is
        /// agreed on.
        package static let echo = Policy(receiving: .publisher, sending: .subscriber, takesSimulcast: false)

        /// Our direction in a section that was offered as `offered`; nil when the section is of no use.
        func direction(answering offered: Direction) -> Direction? {
            let direction = Direction(
                sends: sending != nil && offered.receives, receives: receiving != nil && offered.sends
            )
            return direction == .inactive ? nil : direction
        }

        /// What may be agreed on when ours is `direction`.
        func terms(for direction: Direction) -> Terms? {
            switch direction {
            case .recvonly: receiving
            case .sendonly: sending
            case .sendrecv: receiving.flatMap { receiving in sending.map { receiving.intersection($0) } }
            case .inactive: nil
            }
        }

        /// The end of "the section is refused because it is ..., but".
        var wish: String {
            switch (receiving, sending) {
            case (.some, nil): "a publisher has to send (sendonly or sendrecv)"
            case (nil, .some): "a watcher has to receive (recvonly or sendrecv)"
            case (.some, .some), (nil, nil): "it has to send or to receive"
            }
        }
    }
}

extension Negotiation.Policy.Terms {
    /// Publishers are told of their bandwidth through transport-wide feedback, or else REMB.
    package static let publisher = Self(
        audioFeedback: [.nack, .transportCC],
        videoFeedback: [.nack, .pli, .fir, .transportCC, .remb],
        extensions: [
            .audioLevel, .absoluteSendTime, .transportWideCC, .mid, .rid, .repairedRID, .videoOrientation,
            .playoutDelay, .dependencyDescriptor, .absoluteCaptureTime, .colorSpace,
        ],
    )

    /// What the node sends along, with numbers by which a subscriber tells what its path takes; or else with sending times,
    /// by which it can estimate that itself.
    package static let subscriber = Self(
        audioFeedback: [.nack, .transportCC],
        videoFeedback: [.nack, .pli, .fir, .transportCC, .remb],
        extensions: [
            .mid, .transportWideCC, .absoluteSendTime, .videoOrientation, .playoutDelay,
            .dependencyDescriptor,
            .audioLevel, .absoluteCaptureTime, .colorSpace,
        ],
    )
}
