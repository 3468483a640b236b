/**
 * What `getStats` says of a conference, as numbers of the last second (W3C webrtc-stats): each slot's picture, our own,
 * and how the network does.
 */
export class Quality {
    /** By MID of the slot: `{width, height, frameRate}`. */
    slots = new Map();
    /** Of the largest picture we send. */
    own = null;
    /** Seconds; undefined while unknown. */
    roundTrip;
    /** As a fraction, the worse of both directions; undefined while nothing is received. */
    loss;

    #previous = new Map();

    /** @param {RTCStatsReport} report @param {Map<string, string>} midsByTrack */
    read(report, midsByTrack) {
        const all = [...report.values()];
        this.slots = new Map();
        let received = 0;
        let lost = 0;
        for (const stat of all.filter((s) => s.type === 'inbound-rtp')) {
            received += this.#growth(stat, 'packetsReceived');
            lost += this.#growth(stat, 'packetsLost');
            const mid = stat.mid ?? midsByTrack.get(stat.trackIdentifier);
            if (stat.kind !== 'video' || mid === undefined) continue;
            const frameRate = this.#rate(stat, 'framesDecoded');
            // A slot may have had another SSRC before: what arrives now counts.
            if (frameRate > (this.slots.get(mid)?.frameRate ?? -1)) {
                this.slots.set(mid, { width: stat.frameWidth, height: stat.frameHeight, frameRate });
            }
        }
        const sent = all.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video')
            .map((s) => ({ width: s.frameWidth, height: s.frameHeight, frameRate: this.#rate(s, 'framesEncoded') }))
            .filter(({ frameRate }) => frameRate > 0.5);
        this.own = sent.sort((a, b) => b.height - a.height)[0] ?? null;
        const selected = report.get(all.find((s) => s.type === 'transport' && s.selectedCandidatePairId)?.selectedCandidatePairId)
            ?? all.find((s) => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
        this.roundTrip = selected?.currentRoundTripTime ?? this.roundTrip;
        const told = all.filter((s) => s.type === 'remote-inbound-rtp').map((s) => s.fractionLost ?? 0);
        // Late packets make the counter of lost ones shrink again.
        const loss = received > 0 ? Math.max(0, lost) / (received + Math.max(0, lost)) : undefined;
        this.loss = loss === undefined && told.length === 0 ? undefined : Math.max(loss ?? 0, ...told);
        this.#previous = new Map(all.map((s) => [s.id, s]));
    }

    clear() {
        this.slots = new Map();
        this.own = null;
        this.roundTrip = undefined;
        this.loss = undefined;
        this.#previous = new Map();
    }

    #growth(stat, field) {
        const before = this.#previous.get(stat.id);
        return before ? (stat[field] ?? 0) - (before[field] ?? 0) : 0;
    }

    #rate(stat, field) {
        const before = this.#previous.get(stat.id);
        const seconds = before ? (stat.timestamp - before.timestamp) / 1000 : 0;
        return seconds > 0 ? Math.max(0, this.#growth(stat, field) / seconds) : 0;
    }
}

/**
 * The network in one word and a few numbers.
 *
 * @param {{roundTrip?: number, loss?: number, bitsPerSecond: number | null, starved: number}} facts `starved`: slots for which the link is too narrow.
 * @returns {{level: 'good' | 'fair' | 'poor' | 'unknown', text: string}}
 */
export function networkWords({ roundTrip, loss, bitsPerSecond, starved }) {
    if (roundTrip === undefined && loss === undefined && !bitsPerSecond) return { level: 'unknown', text: 'Measuring' };
    const carries = bitsPerSecond || Infinity;
    const isPoor = roundTrip > 0.6 || loss > 0.08 || carries < 150_000;
    const isFair = roundTrip > 0.25 || loss > 0.02 || carries < 500_000 || starved > 0;
    const level = isPoor ? 'poor' : isFair ? 'fair' : 'good';
    const numbers = [
        roundTrip !== undefined && `${Math.max(1, Math.round(roundTrip * 1000))} ms`,
        loss >= 0.005 && `${(loss * 100).toFixed(loss < 0.1 ? 1 : 0)} % lost`,
        bitsPerSecond > 0 && (bitsPerSecond >= 1_000_000 ? `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bitsPerSecond / 1000)} kbit/s`),
    ].filter(Boolean);
    return { level, text: [{ good: 'Good', fair: 'Fair', poor: 'Poor' }[level], ...numbers].join(' · ') };
}
