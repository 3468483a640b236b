/**
 * Turns the cumulative counters of `getStats` into numbers of the last second (W3C webrtc-stats).
 *
 * Fields are undefined where a browser does not tell: bits per second, frames per second, loss as a fraction, round trip in seconds.
 */
export class Numbers {
    #previous = new Map();
    #direction;

    /** @param {'outbound' | 'inbound'} direction */
    constructor(direction) {
        this.#direction = direction;
    }

    /** @param {RTCStatsReport} report */
    read(report) {
        const all = [...report.values()];
        const video = newest(all.filter((s) => s.type === `${this.#direction}-rtp` && s.kind === 'video'));
        const audio = newest(all.filter((s) => s.type === `${this.#direction}-rtp` && s.kind === 'audio'));
        const numbers = {
            width: video?.frameWidth,
            height: video?.frameHeight,
            codec: codecName(report.get(video?.codecId) ?? report.get(audio?.codecId)),
            roundTrip: roundTrip(report, all),
            freezes: video?.freezeCount,
            limit: video?.qualityLimitationReason,
            ...(this.#direction === 'outbound' ? this.#sent(video, audio, all) : this.#received(video, audio)),
        };
        this.#previous = new Map(all.map((s) => [s.id, s]));
        return numbers;
    }

    #sent(video, audio, all) {
        const told = all.filter((s) => s.type === 'remote-inbound-rtp' && s.kind === 'video').at(-1);
        return {
            bitrate: this.#rate(video, 'bytesSent', 8) + this.#rate(audio, 'bytesSent', 8),
            frameRate: this.#rate(video, 'framesSent') || this.#rate(video, 'framesEncoded'),
            loss: told?.fractionLost,
        };
    }

    #received(video, audio) {
        const received = this.#growth(video, 'packetsReceived') + this.#growth(audio, 'packetsReceived');
        // Late packets make the counter of lost ones shrink again.
        const lost = Math.max(0, this.#growth(video, 'packetsLost') + this.#growth(audio, 'packetsLost'));
        return {
            bitrate: this.#rate(video, 'bytesReceived', 8) + this.#rate(audio, 'bytesReceived', 8),
            frameRate: this.#rate(video, 'framesDecoded'),
            loss: received + lost > 0 ? lost / (received + lost) : undefined,
            newFrames: this.#growth(video, 'framesDecoded'),
            newSound: this.#growth(audio, 'packetsReceived'),
        };
    }

    #growth(stat, field) {
        return stat ? (stat[field] ?? 0) - (this.#previous.get(stat.id)?.[field] ?? 0) : 0;
    }

    #rate(stat, field, factor = 1) {
        const before = stat && this.#previous.get(stat.id);
        const seconds = before ? (stat.timestamp - before.timestamp) / 1000 : 0;
        return seconds > 0 ? Math.max(0, this.#growth(stat, field) * factor / seconds) : 0;
    }
}

/** A new SSRC in the same slot starts new statistics beside the old ones, which then stand still. */
function newest(stats) {
    return stats.reduce((best, s) =>
        !best || (s.lastPacketReceivedTimestamp ?? 0) >= (best.lastPacketReceivedTimestamp ?? 0) ? s : best, undefined);
}

function roundTrip(report, all) {
    const selected = all.find((s) => s.type === 'transport' && s.selectedCandidatePairId)?.selectedCandidatePairId;
    const pair = report.get(selected)
        ?? all.find((s) => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
    return pair?.currentRoundTripTime ?? all.find((s) => s.type === 'remote-inbound-rtp')?.roundTripTime;
}

function codecName(codec) {
    const name = codec?.mimeType?.split('/')[1];
    return name === 'H264' ? 'H.264' : name === 'opus' ? 'Opus' : name;
}

/** Writes numbers into the `[data-number]` cells of a list. */
export function show(numbers, list) {
    const words = {
        picture: numbers.width ? `${numbers.width}×${numbers.height}` : '–',
        frames: numbers.frameRate >= 0.5 ? `${Math.round(numbers.frameRate)}/s` : '–',
        bitrate: bitrateWords(numbers.bitrate),
        codec: numbers.codec ?? '–',
        loss: numbers.loss === undefined ? '–' : `${(numbers.loss * 100).toFixed(1)} %`,
        trip: numbers.roundTrip === undefined ? '–' : `${Math.max(1, Math.round(numbers.roundTrip * 1000))} ms`,
        freezes: numbers.freezes === undefined ? '–' : String(numbers.freezes),
        wire: numbers.wire ?? '–',
        profile: numbers.profile ?? '–',
        limit: { none: 'nothing', cpu: 'device', bandwidth: 'network', other: 'browser' }[numbers.limit] ?? '–',
    };
    for (const cell of list.querySelectorAll('[data-number]')) {
        if (cell.textContent !== words[cell.dataset.number]) cell.textContent = words[cell.dataset.number];
    }
}

function bitrateWords(bitsPerSecond) {
    if (!(bitsPerSecond > 0)) return '–';
    return bitsPerSecond >= 1_000_000 ? `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}
