import Forwarding
import Wire

// What each session's link carries, and which layers that buys.
extension Node {
    /// Divides what the link carries over a session's slots.
    mutating func allocateBandwidth(of session: Int, at now: Instant) {}

    /// The size in pixels of what a slot shows, where known.
    mutating func size(shownBy downTrack: Int) -> (width: Int?, height: Int?) { (nil, nil) }
}
