import Impairment
import STUN
import Testing

@Suite struct ICECredentialsTests {
    @Test func `new credentials have 8 and 24 ice-chars`() {
        var generator = SplitMix64(seed: 1)
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var seen: Set<Character> = []
        for _ in 0..<200 {
            let credentials = ICECredentials(using: &generator)
            #expect(credentials.ufrag.utf8.count == 8)
            #expect(credentials.password.utf8.count == 24)
            seen.formUnion(credentials.ufrag)
            seen.formUnion(credentials.password)
        }
        #expect(seen == allowed)
    }

    @Test func `no two credentials are the same`() {
        var generator = SplitMix64(seed: 2)
        let all = (0..<1000).map { _ in ICECredentials(using: &generator) }
        #expect(Set(all.map(\.ufrag)).count == 1000)
        #expect(Set(all.map(\.password)).count == 1000)
    }
}
