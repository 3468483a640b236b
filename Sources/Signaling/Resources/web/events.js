const types = ['snapshot', 'joined', 'left', 'track', 'speaker', 'slot', 'bandwidth', 'profile', 'layers', 'move', 'closed'];
const reopenMilliseconds = 2000;

/**
 * The events of one session. A broken stream is taken up by the browser itself, which names the last event it saw; only
 * when the relay refuses the stream does the page open it again, after having asked whether the session is still there.
 */
export class Events {
    #url;
    #told;
    #refused;
    #source = null;
    #timer = 0;

    /**
     * @param {string} url
     * @param {{told: (type: string, data: object) => void, refused: () => void}} parts
     */
    constructor(url, { told, refused }) {
        this.#url = url;
        this.#told = told;
        this.#refused = refused;
        this.#open();
    }

    close() {
        clearTimeout(this.#timer);
        this.#source?.close();
        this.#source = null;
    }

    #open() {
        const source = new EventSource(this.#url);
        this.#source = source;
        for (const type of types) {
            source.addEventListener(type, (event) => {
                if (source !== this.#source) return;
                let data = null;
                try {
                    data = JSON.parse(event.data);
                } catch {
                    return;
                }
                if (type === 'closed') this.close();
                this.#told(type, data);
            });
        }
        source.addEventListener('error', () => {
            if (source !== this.#source || source.readyState !== EventSource.CLOSED) return;
            this.#source = null;
            this.#refused();
            this.#timer = setTimeout(() => this.#open(), reopenMilliseconds);
        });
    }
}
