import { Link } from './link.js';
import { Session } from './session.js';
import { Sparkline } from './sparkline.js';
import { Numbers, show } from './stats.js';

/** So many seconds without a new frame, or without sound where there is no picture, and the picture counts as gone. */
const patienceSeconds = 3;

/** The watching side: one WHEP session that plays whoever publishes, and stays open while nobody does. */
export class Watcher {
    session;
    /** Whom to watch; empty follows the room. */
    participant = '';
    /** `none` without a session, `playing` while media arrives, else `waiting`. */
    picture = 'none';
    /** Media arrives but there are no pictures in it. */
    isSoundOnly = false;
    /** The browser, or we, keep the sound off until the person asks for it. */
    isSilenced = false;

    #elements;
    #roomName;
    #changed;
    #numbers = new Numbers('inbound');
    #sparkline;
    #secondsWithoutPicture = 0;
    #secondsWithoutSound = 0;

    #saving;
    #link;

    /** @param {{elements: object, roomName: () => string, saving: import('./saving.js').Saving, changed: () => void}} parts */
    constructor({ elements, roomName, saving, changed }) {
        this.#saving = saving;
        this.#link = new Link(saving);
        this.#elements = elements;
        this.#roomName = roomName;
        this.#changed = changed;
        this.#sparkline = new Sparkline(elements.numbers.querySelector('.spark'));
        this.session = new Session({
            url: () => this.#url(),
            prepare: (connection) => this.#prepare(connection),
            answered: (_, location) => this.#link.open(location),
            changed: () => this.#sessionChanged(),
        });
    }

    get isActive() {
        return this.session.isActive;
    }

    /** @param {{silently: boolean}} options Without sound at first, for one who would hear himself. */
    start({ silently }) {
        if (this.isActive) return;
        const player = this.#elements.player;
        player.muted = silently;
        this.isSilenced = silently;
        this.session.start();
    }

    stop() {
        this.session.stop();
    }

    /** Another participant, or the room again, in a new session. */
    choose(participant) {
        if (participant === this.participant) return;
        this.participant = participant;
        this.session.restart();
        this.#changed();
    }

    mute(isMuted) {
        this.#elements.player.muted = isMuted;
        this.isSilenced = false;
        this.#play();
        this.#changed();
    }

    /** Once a second. */
    async tick() {
        const connection = this.session.connection;
        if (this.session.state !== 'live' || !connection) return;
        const report = await connection.getStats();
        if (this.session.connection !== connection) return;
        const numbers = { ...this.#numbers.read(report), ...this.#link.read(report) };
        this.#secondsWithoutPicture = numbers.newFrames > 0 ? 0 : this.#secondsWithoutPicture + 1;
        this.#secondsWithoutSound = numbers.newSound > 0 ? 0 : this.#secondsWithoutSound + 1;
        const hasPicture = this.#secondsWithoutPicture < patienceSeconds;
        const hasSound = this.#secondsWithoutSound < patienceSeconds;
        if (!hasPicture) Object.assign(numbers, { width: undefined, codec: hasSound ? numbers.codec : undefined });
        show(numbers, this.#elements.numbers);
        this.#sparkline.add(numbers.bitrate);
        this.isSoundOnly = hasSound && !hasPicture;
        this.picture = hasPicture || hasSound ? 'playing' : 'waiting';
        this.#changed();
    }

    #url() {
        const room = `/whep/${encodeURIComponent(this.#roomName())}`;
        return `${this.participant ? `${room}/${encodeURIComponent(this.participant)}` : room}?profile=${this.#saving.profile}`;
    }

    #prepare(connection) {
        const video = connection.addTransceiver('video', { direction: 'recvonly' });
        const audio = connection.addTransceiver('audio', { direction: 'recvonly' });
        this.#elements.player.srcObject = new MediaStream([video.receiver.track, audio.receiver.track]);
        this.#play();
        this.#numbers = new Numbers('inbound');
        this.#sparkline.clear();
        this.#secondsWithoutPicture = patienceSeconds;
        this.#secondsWithoutSound = patienceSeconds;
    }

    async #play() {
        const player = this.#elements.player;
        if (!player.srcObject) return;
        try {
            await player.play();
        } catch (error) {
            if (error.name !== 'NotAllowedError' || player.muted) return;
            player.muted = true;
            this.isSilenced = true;
            this.#changed();
            player.play().catch(() => {});
        }
    }

    #sessionChanged() {
        if (this.session.state !== 'live') {
            this.picture = this.session.isActive ? 'waiting' : 'none';
            this.isSoundOnly = false;
            this.#link.close();
            show({}, this.#elements.numbers);
        } else if (this.picture !== 'playing') {
            this.picture = 'waiting';
        }
        if (!this.session.isActive) this.#elements.player.srcObject = null;
        this.#changed();
    }
}
