/** Keeps the screen of a phone lit during a conference, where the browser lets a page ask for that. */
export class Wake {
    #lock = null;
    #isWanted = false;

    constructor() {
        document.addEventListener('visibilitychange', () => this.#ask());
    }

    set isWanted(value) {
        if (value === this.#isWanted) return;
        this.#isWanted = value;
        this.#ask();
    }

    /** Locks end by themselves when the page is hidden. */
    async #ask() {
        if (!this.#isWanted) {
            this.#lock?.release().catch(() => {});
            this.#lock = null;
        } else if (!document.hidden && (!this.#lock || this.#lock.released)) {
            const lock = await navigator.wakeLock?.request('screen').catch(() => null) ?? null;
            if (this.#isWanted) this.#lock = lock;
            else lock?.release().catch(() => {});
        }
    }
}
