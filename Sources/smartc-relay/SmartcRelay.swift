import ArgumentParser

/// The command line of the node.
@main
struct SmartcRelay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smartc-relay",
        abstract: "A WebRTC media relay: publish with WHIP, watch with WHEP.",
        discussion: """
            EXAMPLES
              smartc-relay serve
                  Serves on port 8080; the web client is at http://localhost:8080/.
              smartc-relay serve --http 0.0.0.0:443 --tls-certificate fullchain.pem --tls-key key.pem
                  Browsers give a page camera and microphone only over HTTPS or on localhost.
              smartc-relay serve --advertise 203.0.113.7 --udp-port 40000 --workers 2
                  Behind NAT: forward UDP 40000 and 40001, and tell clients the public address.
              smartc-relay check
                  Tells whether this machine is fit to run a relay.
              smartc-relay token --grant-key FILE --room lobby --participant alice --profile 3g
                  Makes a grant, for a relay that lets nobody in without one.
              smartc-relay transcode talk.webm talk.ivf --tier 144p
                  Shows what a weak link would get of a film.
            """,
        version: "0.1.0",
        subcommands: [Serve.self, Transcode.self, Token.self, Check.self])
}
