const newsMilliseconds = 4000;

/** The one line that says how it goes. Screen readers speak it, so it is written only when something happened. */
export class Herald {
    #changed;
    #known = null;
    #news = '';
    #once = '';
    #timer = 0;

    /** @param {() => void} changed */
    constructor(changed) {
        this.#changed = changed;
    }

    /** Another conference begins: whoever is in it has not just come. */
    forget() {
        this.#known = null;
        this.#news = '';
    }

    /** Tells what holds for a while, when it begins. */
    tellOnce(words) {
        if (words === this.#once) return;
        this.#once = words;
        if (words) this.tell(words);
    }

    tell(words) {
        this.#news = words;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
            this.#news = '';
            this.#changed();
        }, newsMilliseconds);
    }

    /**
     * @param {string} state As in `data-meet-state`.
     * @param {{isOpening: boolean, problem: {title: string} | null, store: import('./store.js').Store}} facts
     */
    words(state, { isOpening, problem, store }) {
        switch (state) {
        case 'joining': return isOpening ? 'Waiting for your permission' : 'Joining…';
        case 'retrying': return `${problem?.title ?? 'The connection was lost'}, trying again…`;
        case 'failed': return problem?.title ?? '';
        case 'left': return 'You left.';
        case 'live': return store.isKnown ? this.#liveWords(new Set(store.participants.keys())) : 'Live';
        default: return '';
        }
    }

    #liveWords(ids) {
        const came = [...ids].filter((id) => !this.#known?.has(id));
        const went = [...this.#known ?? []].filter((id) => !ids.has(id));
        if (this.#known && came.length + went.length > 0) {
            this.tell([came.length > 0 && `${listed(came)} joined`, went.length > 0 && `${listed(went)} left`].filter(Boolean).join(', '));
        }
        this.#known = ids;
        return this.#news || (ids.size === 0 ? 'Nobody else is here yet' : `${ids.size + 1} people`);
    }
}

function listed(names) {
    return names.length > 2 ? `${names.length} people` : names.join(' and ');
}
