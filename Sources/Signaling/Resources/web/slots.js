/**
 * Decides which receive slot shows which picture; the relay switches the sources, the page never negotiates anew.
 *
 * A picture keeps the slot it has, however large or small it becomes, because a change of slot costs its sender a key
 * frame and a change of height mostly does not.
 */
export class Slots {
    /** What we asked for, key by MID; null lets the relay choose. */
    #pins = new Map();

    /** @param {string[]} mids Of the video slots, in the order of the offer. */
    constructor(mids) {
        this.mids = mids;
        for (const mid of mids) this.#pins.set(mid, null);
    }

    /** The key that was last asked for in a slot. */
    keyAt(mid) {
        return this.#pins.get(mid) ?? null;
    }

    /**
     * @param {{key: string, participant: string, track: string, height: number}[]} wanted The most important first.
     * @param {{slotOf: (participant: string, track: string) => object | null, follows: string | null, isSingle: boolean}} now What slots show, and the
     *        key that the first slot may show without a pin, because the relay chooses the same: who speaks. With `isSingle` one
     *        picture is all that comes: it stays in the first slot, whoever is shown, and so the last one stands until the next comes.
     * @returns {Map<string, {pin: object | null, height: number}>} For every slot, by MID.
     */
    assign(wanted, { slotOf, follows, isSingle }) {
        const served = wanted.slice(0, this.mids.length);
        const next = new Map(isSingle && served.length === 1 ? [[this.mids[0], served[0]]] : []);
        const placed = new Set([...next.values()].map((source) => source.key));
        const place = (mid, source) => {
            next.set(mid, source);
            placed.add(source.key);
        };
        for (const source of served) {
            const mid = placed.has(source.key) ? undefined : this.mids.find((each) => this.#pins.get(each) === source.key);
            if (mid !== undefined) place(mid, source);
        }
        for (const source of served) {
            const mid = placed.has(source.key) ? undefined : slotOf(source.participant, source.track)?.mid;
            if (this.mids.includes(mid) && !next.has(mid)) place(mid, source);
        }
        // The first slot is the relay's own guess of who matters, so it is the last to be given to somebody in particular.
        const free = this.mids.filter((mid) => !next.has(mid));
        if (free[0] === this.mids[0]) free.push(free.shift());
        for (const source of served) {
            if (placed.has(source.key)) continue;
            const first = source.key === follows && free.includes(this.mids[0]);
            const mid = first ? free.splice(free.indexOf(this.mids[0]), 1)[0] : free.shift();
            place(mid, source);
        }
        const answer = new Map();
        for (const mid of this.mids) {
            const source = next.get(mid);
            const isFree = !source || (source.key === follows && mid === this.mids[0]);
            this.#pins.set(mid, source?.key ?? null);
            answer.set(mid, {
                pin: isFree ? null : { participant: source.participant, track: source.track },
                height: source?.height ?? 0,
            });
        }
        return answer;
    }
}
