import { Problem } from './problem.js';

/** No more than so many milliseconds apart; what changes in between goes out together. */
const pace = 250;
const requestMilliseconds = 8000;
const longestWait = 8000;

/**
 * Tells the relay what this participant asks for: only what differs from what it has accepted, one request at a time.
 *
 * A request is refused as a whole (422); its members then stay unsaid and are said again, with whatever has changed.
 */
export class Control {
    #url;
    #gone;
    #refused;
    /** Members by path, such as `slots/5/height`, as wanted and as accepted. Values are compared as JSON. */
    #wanted = new Map();
    #accepted = new Map();
    #timer = 0;
    #isBusy = false;
    #isClosed = false;
    #wait = 0;

    /**
     * @param {string} url
     * @param {{gone: (problem: Problem) => void, refused: (pointer: string) => void}} parts Told when the relay knows the session no more,
     *        and what in a request it found wrong (RFC 6901).
     */
    constructor(url, { gone, refused }) {
        this.#url = url;
        this.#gone = gone;
        this.#refused = refused;
    }

    /** @param {'slots' | 'tracks'} part @param {object} members Only these change. */
    want(part, mid, members) {
        for (const [name, value] of Object.entries(members)) this.#wanted.set(`${part}/${mid}/${name}`, JSON.stringify(value));
        this.#plan(pace);
    }

    /** @param {string} name Of a member of the request itself. */
    wantOf(name, value) {
        this.#wanted.set(name, JSON.stringify(value));
        this.#plan(pace);
    }

    /** Asks whether the session is still there, by changing nothing. */
    check() {
        this.#send({}, new Map());
    }

    close() {
        this.#isClosed = true;
        clearTimeout(this.#timer);
        this.#timer = 0;
    }

    #plan(milliseconds) {
        if (this.#timer || this.#isBusy || this.#isClosed) return;
        this.#timer = setTimeout(() => {
            this.#timer = 0;
            this.#flush();
        }, Math.max(milliseconds, this.#wait));
    }

    #flush() {
        const news = new Map([...this.#wanted].filter(([path, value]) => this.#accepted.get(path) !== value));
        if (news.size === 0) return;
        const body = {};
        for (const [path, value] of news) {
            const [part, mid, name] = path.split('/');
            if (mid === undefined) body[part] = JSON.parse(value);
            else ((body[part] ??= {})[mid] ??= {})[name] = JSON.parse(value);
        }
        this.#send(body, news);
    }

    async #send(body, news) {
        if (this.#isBusy || this.#isClosed) return;
        this.#isBusy = true;
        try {
            const response = await fetch(this.#url, {
                method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), cache: 'no-store',
                signal: AbortSignal.timeout(requestMilliseconds),
            });
            if (this.#isClosed) return;
            if (response.ok) {
                for (const [path, value] of news) this.#accepted.set(path, value);
                this.#wait = 0;
            } else {
                await this.#failed(response);
            }
        } catch {
            this.#wait = Math.min(Math.max(this.#wait * 2, 1000), longestWait);
        } finally {
            this.#isBusy = false;
            if (this.#wait > 0 || [...this.#wanted].some(([path, value]) => this.#accepted.get(path) !== value)) this.#plan(pace);
        }
    }

    async #failed(response) {
        const { status } = response;
        if (status === 404 || status === 409) {
            this.close();
            this.#gone(status === 404 ? Problem.connectionLost() : await Problem.of(response));
            return;
        }
        this.#wait = Math.min(Math.max(this.#wait * 2, 1000), longestWait);
        if (status !== 422) return;
        try {
            this.#refused(String((await response.json()).pointer ?? ''));
        } catch {
            this.#refused('');
        }
    }
}
