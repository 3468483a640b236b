/**
 * Whether one picture is large, and whose: what the person pinned, else a shared screen, else who speaks.
 *
 * A pin or a new screen turns the grid into the speaker view by itself, and its end turns it back.
 */
export class Stage {
    /** `grid` or `speaker`. */
    layout = 'grid';
    pinned = null;
    /** The key of what is large; null in the grid, empty for ourselves when nobody else is there. */
    key = null;
    /** Whether the large picture is the last speaker's just because that one spoke last. */
    isFollowing = false;

    #isAutomatic = false;
    #screens = [];

    /** What the person chooses; the grid has no pin. */
    choose(layout) {
        this.layout = layout;
        this.#isAutomatic = false;
        if (layout === 'grid') this.pinned = null;
    }

    pin(key) {
        this.pinned = this.pinned === key ? null : key;
        this.#enlarge(this.pinned !== null);
    }

    /**
     * @param {ReturnType<import('./store.js').sources>} sources
     * @param {string[]} heard Who spoke, the latest first.
     */
    look(sources, heard) {
        const isThere = (key) => sources.some((source) => source.key === key);
        const screens = sources.filter((source) => source.kind === 'screen').map((source) => source.key);
        if (this.pinned !== null && !isThere(this.pinned)) {
            this.pinned = null;
            if (screens.length === 0) this.#enlarge(false);
        }
        if (screens.some((key) => !this.#screens.includes(key))) this.#enlarge(true);
        else if (this.#screens.length > 0 && screens.length === 0 && this.pinned === null) this.#enlarge(false);
        this.#screens = [...this.#screens.filter((key) => screens.includes(key)), ...screens.filter((key) => !this.#screens.includes(key))];
        this.isFollowing = false;
        if (this.layout === 'grid') {
            this.key = null;
            return;
        }
        const speaker = heard.find(isThere) ?? null;
        const before = isThere(this.key) && !screens.includes(this.key) ? this.key : null;
        this.key = this.pinned ?? this.#screens.at(-1) ?? speaker ?? before ?? sources[0]?.key ?? '';
        this.isFollowing = this.key === speaker && this.key !== this.pinned;
    }

    #enlarge(isLarge) {
        if (isLarge && this.layout === 'grid') {
            this.layout = 'speaker';
            this.#isAutomatic = true;
        } else if (!isLarge && this.#isAutomatic) {
            this.layout = 'grid';
            this.#isAutomatic = false;
        }
    }
}
