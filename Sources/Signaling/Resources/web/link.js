import { Wire } from './wire.js';

const pollMilliseconds = 5000;

/**
 * How the way to the relay does: what goes over the wire, by the browser's counters, and which profile the relay serves, by its word.
 * For sessions that have no events.
 */
export class Link {
    #saving;
    #wire = new Wire();
    #url = '';
    #told = null;
    #askedAt = 0;

    /** @param {import('./saving.js').Saving} saving */
    constructor(saving) {
        this.#saving = saving;
    }

    /** A session was opened. @param {string} location */
    open(location) {
        this.#url = `${location}/link`;
        this.#told = null;
        this.#askedAt = 0;
    }

    close() {
        this.#url = '';
        this.#told = null;
        this.#wire.pause();
    }

    /** Once a second. @param {RTCStatsReport} report @returns {{wire: string, profile: string}} In words. */
    read(report) {
        this.#wire.read(report);
        if (this.#url && performance.now() - this.#askedAt > pollMilliseconds) this.#ask();
        const words = this.#saving.words(this.#told);
        return { wire: this.#wire.words, profile: this.#told ? words || 'As the link allows' : '–' };
    }

    async #ask() {
        const url = this.#url;
        this.#askedAt = performance.now();
        try {
            const response = await fetch(url, { cache: 'no-store' });
            if (response.ok && url === this.#url) this.#told = await response.json();
        } catch {
            // The session tells by itself when the relay is away.
        }
    }
}
