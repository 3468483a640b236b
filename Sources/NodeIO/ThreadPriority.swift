import CLinux

/// Where the threads that forward media stand among all that want a core.
///
/// On a machine whose cores are busy an ordinary thread that becomes ready waits until the others have had their turn: 30 to
/// 90 ms were seen beside three browsers on two cores, and 200 ms once, which every watcher sees as a freeze. A worker that is
/// preferred takes hardly more than it would otherwise, only sooner.
package enum ThreadPriority {
    /// As audio servers do.
    package static let wanted = -10

    /// Raises the calling thread as far as the process may. Returns the nice value that it has now.
    static func raise() -> Int { Int(smartc_raise_priority(Int32(wanted))) }

    /// The nice value that a worker would reach.
    static func tried() -> Int { Int(smartc_reachable_priority(Int32(wanted))) }
}
