const key = 'relay-save-data';
const slow = ['slow-2g', '2g', '3g'];

/**
 * Whether a person saves data. What was chosen once holds for this browser; before that the browser decides: where it is told to
 * save data, or finds the network no better than 3G, data is saved (Network Information API, not in every browser).
 */
export class Saving {
    /** `on` or `off` as the person has chosen, empty before. */
    #choice = '';

    /** @param {string} asked What the address asks for: `3g`, `auto`, or nothing. It holds for this page alone. */
    constructor(asked = '') {
        this.#choice = { '3g': 'on', auto: 'off' }[asked] ?? stored();
    }

    get isOn() {
        return this.#choice ? this.#choice === 'on' : isNarrow();
    }

    /** Whether that is so because of what the browser says. */
    get isGuessed() {
        return this.#choice === '' && this.isOn;
    }

    /** What the relay is asked for. */
    get profile() {
        return this.isOn ? '3g' : 'auto';
    }

    choose(isOn) {
        this.#choice = isOn ? 'on' : 'off';
        try {
            localStorage.setItem(key, this.#choice);
        } catch {
            // Where nothing is kept the choice holds for this page.
        }
    }

    /**
     * @param {{profile: string, reason: string} | null} told What the relay serves, and why.
     * @returns {string} In words; empty where there is nothing to say.
     */
    words(told) {
        if (told?.profile !== '3g') return '';
        if (told.reason === 'estimate') return 'One small picture: the link is narrow';
        if (told.reason === 'granted' || !this.isOn) return 'Saving data, as the room asks';
        return this.isGuessed ? 'Saving data: the network is slow' : 'Saving data, as you chose';
    }
}

function isNarrow() {
    const { saveData = false, effectiveType = '' } = navigator.connection ?? {};
    return saveData || slow.includes(effectiveType);
}

function stored() {
    try {
        const value = localStorage.getItem(key);
        return value === 'on' || value === 'off' ? value : '';
    } catch {
        return '';
    }
}

/** What a camera sends of itself while data is saved: 144 lines, 15 times a second, in as many bits as a 3G link takes. */
export function savingEncoding({ width, height }) {
    return { maxBitrate: 50_000, maxFramerate: 15, scaleResolutionDownBy: Math.max(1, Math.min(width, height) / 144) };
}
