internal import NIOSSL

/// The PEM files that HTTPS needs.
package struct TLSFiles: Sendable, Equatable {
    /// The path of the certificate chain, the node's own certificate first.
    package let certificate: String
    /// The path of the private key, without a passphrase.
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Fails, with the reason in words, when the files cannot be read or do not belong together.
    package func check() throws(SignalingError) {
        _ = try configuration()
    }

    func configuration() throws(SignalingError) -> TLSConfiguration {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
            guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
        } catch {
            throw .unusableTLSFile(path: certificate, reason: "it is not a readable PEM certificate")
        }
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw .unusableTLSFile(
                path: key, reason: "it is not a readable PEM private key without passphrase")
        }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .unusableTLSFile(
                path: key, reason: "the key does not belong to the certificate in \(certificate)")
        }
        return configuration
    }
}
