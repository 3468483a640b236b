/**
 * The order of tiles. Nobody moves without need, so that faces are found where they were; but who speaks is brought to
 * the front, in exchange for the one there who has been silent longest.
 */
export class Places {
    #keys = [];

    /**
     * @param {{key: string, kind: string, participant: string}[]} sources
     * @param {{heard: string[], front: number}} options Who spoke, the latest first; how many places are seen without scrolling.
     * @returns {string[]} Keys.
     */
    arrange(sources, { heard, front }) {
        const there = new Set(sources.map((source) => source.key));
        this.#keys = this.#keys.filter((key) => there.has(key));
        for (const { key, kind } of sources) {
            if (this.#keys.includes(key)) continue;
            if (kind === 'screen') this.#keys.unshift(key);
            else this.#keys.push(key);
        }
        const speaker = this.#keys.indexOf(heard[0]);
        if (speaker < front || front < 1) return this.#keys;
        const isPerson = new Set(sources.filter((source) => source.kind === 'person').map((source) => source.key));
        const silence = (key) => heard.includes(key) ? heard.indexOf(key) : Infinity;
        let quietest = -1;
        for (let place = 0; place < front; place += 1) {
            if (!isPerson.has(this.#keys[place])) continue;
            if (quietest < 0 || silence(this.#keys[place]) >= silence(this.#keys[quietest])) quietest = place;
        }
        if (quietest >= 0) [this.#keys[quietest], this.#keys[speaker]] = [this.#keys[speaker], this.#keys[quietest]];
        return this.#keys;
    }
}

/**
 * The columns and the width that make tiles as large as a window allows: of 16:9, or square where the window is higher than
 * wide. Beyond `capacity` tiles keep the size they have with so many, and the rest is scrolled to.
 *
 * @returns {{columns: number, width: number, aspect: number}} In CSS pixels; width by height.
 */
export function arrangeTiles(count, capacity, { width, height, gap }) {
    const shown = Math.max(1, Math.min(count, capacity));
    const aspect = width < height * 0.8 && shown > 1 ? 1 : 16 / 9;
    let best = { columns: 1, width: 0, aspect };
    for (let columns = 1; columns <= shown; columns += 1) {
        const rows = Math.ceil(shown / columns);
        const byWidth = (width - (columns - 1) * gap) / columns;
        const byHeight = (height - (rows - 1) * gap) / rows * aspect;
        const tile = Math.floor(Math.min(byWidth, byHeight));
        if (tile > best.width) best = { columns, width: tile, aspect };
    }
    return best;
}
