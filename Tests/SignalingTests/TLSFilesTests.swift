import FoundationEssentials
import Testing

@testable import Signaling

@Suite struct TLSFilesTests {
    @Test func `a certificate and its key are taken`() throws {
        try Self.withFiles(Self.certificate, Self.key) { certificate, key throws(SignalingError) in
            try TLSFiles(certificate: certificate, key: key).check()
        }
    }

    @Test func `a key of another certificate is refused and both files are named`() throws {
        try Self.withFiles(Self.certificate, Self.otherKey) { certificate, key in
            #expect(
                throws: SignalingError.unusableTLSFile(
                    path: key, reason: "the key does not belong to the certificate in \(certificate)")
            ) {
                try TLSFiles(certificate: certificate, key: key).check()
            }
        }
    }

    @Test(arguments: ["", "no PEM", key])
    func `a file without a certificate is refused`(content: String) throws {
        try Self.withFiles(content, Self.key) { certificate, key in
            #expect(
                throws: SignalingError.unusableTLSFile(
                    path: certificate, reason: "it is not a readable PEM certificate")
            ) {
                try TLSFiles(certificate: certificate, key: key).check()
            }
        }
    }

    @Test(arguments: ["", "no PEM", certificate])
    func `a file without a key is refused`(content: String) throws {
        try Self.withFiles(Self.certificate, content) { certificate, key in
            #expect(
                throws: SignalingError.unusableTLSFile(
                    path: key, reason: "it is not a readable PEM private key without passphrase")
            ) {
                try TLSFiles(certificate: certificate, key: key).check()
            }
        }
    }

    @Test func `a file that does not exist is refused by its name`() {
        let files = TLSFiles(certificate: "/nowhere/certificate.pem", key: "/nowhere/key.pem")
        #expect(
            throws: SignalingError.unusableTLSFile(
                path: "/nowhere/certificate.pem", reason: "it is not a readable PEM certificate")
        ) {
            try files.check()
        }
    }

    private static func withFiles<Failure>(
        _ certificate: String, _ key: String, _ body: (String, String) throws(Failure) -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = ["certificate.pem", "key.pem"].map { folder.appending(path: $0) }
        try Data(certificate.utf8).write(to: paths[0])
        try Data(key.utf8).write(to: paths[1])
        try body(paths[0].path, paths[1].path)
    }

    // Made for these tests and used nowhere else.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBfTCCASOgAwIBAgIUUE+NgyUqVkgiM76Ce6tehNHswAYwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyMjEwMjkxNloXDTM2MTExOTEw
        MjkxNlowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAESBx+GCo+opUECDXH+1iLE0vrGK0euTJx0JXj844eBhQ+ygfQ+FBQW6rS
        8Y0VJ4BlAA6A3ZdGcow1MeYGrKDtJqNTMFEwHQYDVR0OBBYEFHaFJBPUu8p9YrQE
        C8z1V3p6GrTzMB8GA1UdIwQYMBaAFHaFJBPUu8p9YrQEC8z1V3p6GrTzMA8GA1Ud
        EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAICE69mwOqqL2ua/j8oaasve
        XN6XsaZ3teHPUtxwDPOVAiAiel9leeY5/Hj2UULaP0M0SHaIi0gP2aakTfKxEt/k
        Eg==
        -----END CERTIFICATE-----
        """
    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5lFGijkQiO4mVIQX
        JQue1/7OhSjz7WlBEFi/+Qt8WMShRANCAARIHH4YKj6ilQQINcf7WIsTS+sYrR65
        MnHQlePzjh4GFD7KB9D4UFBbqtLxjRUngGUADoDdl0ZyjDUx5gasoO0m
        -----END PRIVATE KEY-----
        """
    private static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5Ru4d0jhMtZ67Bco
        GYRqkA4sZZdw/ij1DcRJxh8d/JChRANCAATNu1Q1EljdAJc3Tjh4koEIRbvNlLt/
        k8qDuXvmS1iI2s69bcyos7NCLhH1olB+3duGwUXgIM5rsCBp2+CiYBLr
        -----END PRIVATE KEY-----
        """
}
