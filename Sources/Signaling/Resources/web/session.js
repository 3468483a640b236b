import { restartFragment, restartedAnswer } from './fragment.js';
import { authorization } from './grant.js';
import { Problem } from './problem.js';

const backoffSeconds = [1, 2, 4, 8, 15];
/** A link that is away for less than this comes back by itself more often than not. */
const graceMilliseconds = 2500;
const requestMilliseconds = 10_000;
/** From the answer, or from an ICE restart, to the first connected packet. */
const connectMilliseconds = 12_000;

/**
 * One session with the relay (WHIP, WHEP or a conference) that stays up: it restarts ICE when the link is gone for a
 * moment and opens a new session when that does not help (RFC 9725 sections 4.2 and 4.3).
 *
 *     idle --start--> connecting --connected--> live --link away--> retrying --connected--> live
 *                         |                                            |  ^ waits 1, 2, 4, 8, 15, 15, ... s
 *                         +--the relay says no, for good--> failed <---+--+
 *
 * `stop` leads back to idle from everywhere.
 */
export class Session {
    state = 'idle';
    /** What went wrong last, while it still matters. */
    problem = null;
    /** When the next attempt is made, in milliseconds of `Date.now()`; 0 while none is planned. */
    retryAt = 0;
    /** Since when media can flow, in milliseconds of `Date.now()`. */
    liveSince = 0;
    connection = null;

    #url;
    #base;
    #prepare;
    #changed;
    #answered;
    #accept;
    /** Where the relay keeps our session, until it is known to be gone. */
    #location = '';
    /** Counts attempts at a session; an `await` that returns into another run has nothing left to do. */
    #run = 0;
    #attempt = 0;
    /** Whether media could flow since `start`. */
    wasLive = false;
    #timer = 0;
    #suspended = false;

    /**
     * @param {{url: () => string, base?: () => string, prepare: (connection: RTCPeerConnection) => void,
     *          changed: () => void, answered?: (response: Response, location: string) => void,
     *          accept?: (sdp: string) => string}} parts
     *        Where to post, and the relay there if it is another than the page's; adds tracks and transceivers to a fresh connection; told of every change of state, and of
     *        every answer with the new session's URL; may touch up an answer before the browser gets it.
     */
    constructor({ url, base = () => '', prepare, changed, answered = () => {}, accept = (sdp) => sdp }) {
        this.#url = url;
        this.#base = base;
        this.#prepare = prepare;
        this.#changed = changed;
        this.#answered = answered;
        this.#accept = accept;
    }

    get isActive() {
        return this.state === 'connecting' || this.state === 'live' || this.state === 'retrying';
    }

    start() {
        if (this.isActive) return;
        this.#attempt = 0;
        this.wasLive = false;
        this.#enter('connecting');
        this.#connect();
    }

    /** The same again at another address: for a watcher who turns to somebody else. */
    restart() {
        if (!this.isActive) return;
        this.#abandon();
        this.#delete(true);
        this.#attempt = 0;
        this.wasLive = false;
        this.#enter('connecting');
        this.#connect();
    }

    stop() {
        this.#suspended = false;
        this.#abandon();
        this.#delete(true);
        this.#enter('idle');
    }

    /** Ends with words instead of silently, for reasons found outside: a camera was unplugged, say. */
    fail(problem) {
        this.#abandon();
        this.#delete(true);
        this.#enter('failed', problem);
    }

    /** The relay says in another way that the session is over: a new one is opened after the usual wait. */
    lose(problem) {
        if (!this.isActive || !this.#location) return;
        this.#retry(problem);
    }

    /** Leaves this session for a new one at once, while the relay still holds the old one. */
    renew() {
        if (this.state !== 'live') return;
        this.#enter('retrying', Problem.connectionLost());
        this.#connect();
    }

    /** The page goes away, perhaps only into the back-forward cache. */
    suspend() {
        if (!this.isActive) return;
        this.stop();
        this.#suspended = true;
    }

    resume() {
        if (this.#suspended) this.start();
        this.#suspended = false;
    }

    /** There is a network again, or another one: waiting any longer is of no use. */
    hurry() {
        if (this.state === 'retrying' && this.retryAt > 0) {
            this.#attempt = 0;
            this.#connect();
        } else if (this.state === 'live' && this.connection?.iceConnectionState === 'disconnected') {
            this.#restartICE();
        }
    }

    async #connect() {
        this.#abandon();
        const run = this.#run;
        this.retryAt = 0;
        this.liveSince = 0;
        this.#changed();
        let connection = null;
        try {
            await this.#delete(false);
            if (this.#attempt > 0) await this.#assertReady();
            if (run !== this.#run) return;
            connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
            this.connection = connection;
            this.#observe(connection);
            this.#prepare(connection);
            const offer = await connection.createOffer();
            // The browser adopts it while the relay answers, which needs no candidates of ours.
            const adopted = connection.setLocalDescription(offer);
            adopted.catch(() => {});
            const response = await this.#request(this.#url(), {
                method: 'POST', headers: { 'Content-Type': 'application/sdp', ...authorization() }, body: offer.sdp,
            });
            if (!response.ok) throw await Problem.of(response);
            const location = new URL(response.headers.get('location') ?? '', response.url).href;
            const sdp = this.#accept(await response.text());
            if (run !== this.#run) {
                remove(location, true);
                return;
            }
            this.#location = location;
            this.#answered(response, location);
            await adopted;
            await connection.setRemoteDescription({ type: 'answer', sdp });
            if (run !== this.#run || this.state === 'live') return;
            this.#after(connectMilliseconds, () => this.#retry(Problem.noMediaPath()));
        } catch (error) {
            connection?.close();
            if (run === this.#run) this.#refused(error);
        }
    }

    #refused(error) {
        const problem = error instanceof Problem ? error
            : new Problem('The browser and the relay do not understand each other', error.message);
        // Our own session from before the break may still hold the name until the relay notices.
        const ownNameHeld = problem.status === 409 && this.wasLive;
        if (ownNameHeld) this.#retry(Problem.connectionLost());
        else if (problem.retry) this.#retry(problem);
        else this.fail(problem);
    }

    #observe(connection) {
        const run = this.#run;
        const look = () => {
            if (run !== this.#run) return;
            if (connection.iceConnectionState === 'failed' || connection.connectionState === 'failed') {
                this.#retry(this.wasLive ? Problem.connectionLost() : Problem.noMediaPath());
            } else if (connection.iceConnectionState === 'disconnected') {
                if (this.state === 'live') this.#after(graceMilliseconds, () => this.#restartICE());
            } else if (connection.connectionState === 'connected') {
                this.#connected();
            }
        };
        connection.addEventListener('connectionstatechange', look);
        connection.addEventListener('iceconnectionstatechange', look);
    }

    #connected() {
        clearTimeout(this.#timer);
        this.#attempt = 0;
        this.wasLive = true;
        if (this.state === 'live') return;
        this.liveSince ||= Date.now();
        this.#enter('live');
    }

    /** New credentials on the same session (RFC 9725 section 4.3.3): DTLS, tracks and statistics go on. */
    async #restartICE() {
        const run = this.#run;
        const connection = this.connection;
        clearTimeout(this.#timer);
        this.#enter('retrying', Problem.connectionLost());
        try {
            await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
            const response = await this.#request(this.#location, {
                method: 'PATCH',
                headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' },
                body: restartFragment(connection.localDescription.sdp),
            });
            if (run !== this.#run) return;
            if (!response.ok) {
                // The relay lives but lost the session, or cannot restart it: no reason to wait.
                if (response.status === 404) this.#location = '';
                this.#connect();
                return;
            }
            const sdp = restartedAnswer(connection.remoteDescription.sdp, await response.text());
            if (run !== this.#run) return;
            await connection.setRemoteDescription({ type: 'answer', sdp });
            if (run !== this.#run || this.state === 'live') return;
            this.#after(connectMilliseconds, () => this.#retry(Problem.connectionLost()));
        } catch (error) {
            if (run === this.#run) this.#retry(error instanceof Problem ? error : Problem.connectionLost());
        }
    }

    #retry(problem) {
        this.#abandon();
        const planned = backoffSeconds[Math.min(this.#attempt, backoffSeconds.length - 1)];
        // Up to a fifth later, so that an audience does not return in one instant.
        const milliseconds = Math.max(planned, problem.afterSeconds) * 1000 * (1 + Math.random() / 5);
        this.#attempt += 1;
        this.#enter('retrying', problem);
        this.retryAt = Date.now() + milliseconds;
        this.#changed();
        this.#after(milliseconds, () => this.#connect());
    }

    /** Forgets the connection and whatever is under way; the relay's side is left for `#delete`. */
    #abandon() {
        this.#run += 1;
        clearTimeout(this.#timer);
        this.connection?.close();
        this.connection = null;
    }

    /** Ends the session at the relay, if there is one; a relay that does not answer has forgotten it or will. */
    async #delete(leaving) {
        if (!this.#location) return;
        const location = this.#location;
        this.#location = '';
        const isTold = await remove(location, leaving);
        // While the network is away the name we publish under stays taken: tell the relay when it is back.
        if (!isTold && !leaving) this.#location ||= location;
    }

    async #assertReady() {
        const response = await this.#request(`${this.#base()}/readyz`, { method: 'GET' }, 4000);
        if (!response.ok) throw await Problem.of(response);
    }

    async #request(url, init, milliseconds = requestMilliseconds) {
        try {
            return await fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.timeout(milliseconds) });
        } catch {
            throw Problem.unreachable();
        }
    }

    #after(milliseconds, action) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(action, milliseconds);
    }

    #enter(state, problem = null) {
        this.state = state;
        this.problem = problem;
        if (state !== 'retrying') this.retryAt = 0;
        this.#changed();
    }
}

async function remove(location, keepalive) {
    try {
        await fetch(location, { method: 'DELETE', keepalive, ...(keepalive ? {} : { signal: AbortSignal.timeout(3000) }) });
        return true;
    } catch {
        return false;
    }
}
