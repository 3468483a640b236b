/** IP without options, and UDP. */
const headerBytes = { ipv4: 28, ipv6: 48 };
/** A check of ICE and its answer, without those headers; browsers count them and do not tell their bytes. */
const checkBytes = 120;
const answerBytes = 64;
const readings = 6;

/**
 * What a connection puts on the wire, both ways: what the transport has carried (UDP payloads: media, reports, handshake), and for
 * each packet the headers of IP and UDP; and ICE's checks, by their number.
 */
export class Wire {
    /** Bits per second, the mean of the last five seconds. */
    bitsPerSecond = 0;
    /** Since the page was opened. */
    bytes = 0;

    #last = [];
    /** Of the connection that is being read. */
    #counted = 0;

    /** Once a second. @param {RTCStatsReport} report */
    read(report) {
        const all = [...report.values()];
        const total = bytesOf(report, all);
        // A new connection counts from nothing.
        this.bytes += total < this.#counted ? total : total - this.#counted;
        this.#counted = total;
        this.#last.push({ bytes: this.bytes, at: performance.now() });
        if (this.#last.length > readings) this.#last.shift();
        const [first] = this.#last;
        const last = this.#last.at(-1);
        this.bitsPerSecond = last.at > first.at ? (last.bytes - first.bytes) * 8000 / (last.at - first.at) : 0;
    }

    /** The connection ended; what was used stays. */
    pause() {
        this.bitsPerSecond = 0;
        this.#last = [];
        this.#counted = 0;
    }

    get words() {
        return `${rateWords(this.bitsPerSecond)} · ${sizeWords(this.bytes)}`;
    }
}

/** How it is counted, for those who want to know. */
export const wireHint = 'On the wire, both ways: media, reports and checks with their IP and UDP headers, as this browser counts them';

function bytesOf(report, all) {
    const transports = all.filter((s) => s.type === 'transport');
    const pairs = all.filter((s) => s.type === 'candidate-pair');
    const selected = report.get(transports.find((s) => s.selectedCandidatePairId)?.selectedCandidatePairId) ?? pairs.find((s) => s.nominated);
    const isIPv6 = (report.get(selected?.remoteCandidateId)?.address ?? '').includes(':');
    const headers = headerBytes[isIPv6 ? 'ipv6' : 'ipv4'];
    const sum = (stats, ...fields) => stats.reduce((total, stat) => total + fields.reduce((part, field) => part + (stat[field] ?? 0), 0), 0);
    // Where the transport is not counted, its candidate pairs are; packets are then those of the streams.
    const carriers = transports.some((s) => s.bytesReceived !== undefined) ? transports : pairs;
    const streams = all.filter((s) => s.type === 'inbound-rtp' || s.type === 'outbound-rtp');
    const packets = sum(carriers, 'packetsSent', 'packetsReceived') || sum(streams, 'packetsSent', 'packetsReceived');
    const checks = sum(pairs, 'requestsSent', 'consentRequestsSent', 'requestsReceived');
    const answers = sum(pairs, 'responsesSent', 'responsesReceived');
    return sum(carriers, 'bytesSent', 'bytesReceived') + packets * headers
        + checks * (checkBytes + headers) + answers * (answerBytes + headers);
}

export function rateWords(bitsPerSecond) {
    return bitsPerSecond >= 1_000_000 ? `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}

export function sizeWords(bytes) {
    if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
    return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${Math.round(bytes / 1000)} kB`;
}
