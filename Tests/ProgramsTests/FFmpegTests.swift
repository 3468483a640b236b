import Testing

@testable import Programs

@Suite struct FFmpegTests {
    @Test func `the one that is named is taken, and has to be there`() throws {
        #expect(try FFmpeg("/bin/sh", searchPath: "").path == "/bin/sh")
        #expect(throws: FFmpeg.Failure.notFound("/no/ffmpeg")) {
            try FFmpeg("/no/ffmpeg", searchPath: "/bin")
        }
    }

    @Test func `without one on PATH it is said how to get it`() {
        let failure = #expect(throws: FFmpeg.Failure.self) { try FFmpeg(nil, searchPath: "/no:/such") }
        #expect(failure?.description.contains("apt-get install ffmpeg") == true)
    }

    @Test func `how long a file lasts is read off its description`() {
        #expect(
            FFmpeg.seconds(in: "Input #0\n  Duration: 00:01:19.50, start: 0.0, bitrate: 1 kb/s\n") == 79.5)
        #expect(FFmpeg.seconds(in: "  Duration: N/A, bitrate: N/A") == nil)
        #expect(FFmpeg.seconds(in: "no such file") == nil)
    }

    @Test func `a filter comes before the output`() throws {
        let command = try FFmpeg("/bin/sh", searchPath: "").y4mCommand(decoding: "a.webm", filter: "fps=15")
        #expect(command.first == "/bin/sh" && command.last == "-")
        let filter = try #require(command.firstIndex(of: "fps=15"))
        #expect(command[filter - 1] == "-vf" && command.firstIndex(of: "a.webm").map { $0 < filter } == true)
    }
}
