package import Hummingbird
internal import NIOCore

/// What an answer knows of its connection.
package struct SignalingContext: InitializableFromSource {
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}
