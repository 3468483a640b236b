import SystemPackage
import Testing

@testable import Programs

@Suite struct ChildProcessTests {
    @Test func `what a program writes comes through a pipe, to its end`() throws {
        let pipe = try FileDescriptor.pipe(options: .closeOnExec)
        var child = try ChildProcess(
            ["sh", "-c", "printf one; printf two"], output: .descriptor(pipe.writeEnd), errors: .nothing)
        try pipe.writeEnd.close()
        let stream = ByteStream(pipe.readEnd)
        var text: [UInt8] = []
        while case let piece = try stream.next(), !piece.isEmpty { text += piece }
        #expect(text == Array("onetwo".utf8))
        let ending = child.wait()
        #expect(ending == .exited(0))
    }

    @Test func `how it ended is told`() throws {
        var failing = try ChildProcess(["sh", "-c", "exit 7"], output: .nothing, errors: .nothing)
        let ending = failing.wait()
        #expect(ending == .exited(7))
        let isRunning = failing.isRunning()
        #expect(!isRunning)
        var killed = try ChildProcess(["sleep", "1000"], output: .nothing, errors: .nothing)
        let wasRunning = killed.isRunning()
        #expect(wasRunning)
        killed.kill()
        #expect(killed.ending == .killed(signal: 9))
    }

    @Test func `a program that is not there is named`() {
        let failure = #expect(throws: ChildProcess.Failure.self) {
            _ = try ChildProcess(["/no/such/program"], output: .nothing, errors: .nothing)
        }
        #expect(
            failure?.description == "/no/such/program cannot be started: No such file or directory")
    }

    @Test func `a file that is not there is an error`() {
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try ByteStream(path: "/no/such/file") }
    }
}
