import { capture } from './capture.js';
import { Link } from './link.js';
import { Meter } from './meter.js';
import { Problem } from './problem.js';
import { savingEncoding } from './saving.js';
import { Session } from './session.js';
import { Sparkline } from './sparkline.js';
import { Numbers, show } from './stats.js';

/**
 * The publishing side: what is captured, and its WHIP session (RFC 9725).
 *
 * Captured media outlives a session, so that nobody is asked for the camera again when the relay was away.
 */
export class Publisher {
    session;
    /** Something worth saying although publishing works. */
    remark = null;
    /** The name under which the relay announces us, once known. */
    participant = '';
    stream = null;

    #elements;
    #roomName;
    #changed;
    #isOpening = false;
    #numbers = new Numbers('outbound');
    #sparkline;
    #meter;
    #sender = null;
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
        this.#meter = new Meter(elements.level);
        this.session = new Session({
            url: () => this.#url(),
            prepare: (connection) => this.#prepare(connection),
            changed: () => this.#sessionChanged(),
            answered: (response, location) => {
                this.participant = response.headers.get('smartc-participant') ?? elements.name.value.trim();
                this.#link.open(location);
            },
        });
        elements.maxBitrate.addEventListener('change', () => this.#limitBitrate());
    }

    get isActive() {
        return this.#isOpening || this.session.isActive;
    }

    get state() {
        return this.#isOpening ? 'connecting' : this.session.state;
    }

    /** @returns {boolean} True while the browser still asks the person for a device. */
    get isOpening() {
        return this.#isOpening;
    }

    async start(source) {
        if (this.isActive) return;
        this.remark = null;
        this.#isOpening = true;
        this.#changed();
        try {
            const { stream, remark } = await capture(source, this.#elements.microphone.checked);
            if (!this.#isOpening) {
                for (const track of stream.getTracks()) track.stop();
                return;
            }
            this.remark = remark;
            this.#use(stream, source);
            this.#isOpening = false;
            this.session.start();
        } catch (error) {
            if (!this.#isOpening) return;
            this.#isOpening = false;
            this.#release();
            this.session.fail(error instanceof Problem ? error : Problem.ofCapture(error, source));
        }
    }

    stop() {
        this.#isOpening = false;
        this.remark = null;
        this.session.stop();
    }

    /** @param {'audio' | 'video'} kind */
    mute(kind, isMuted) {
        for (const track of this.stream?.getTracks() ?? []) {
            if (track.kind === kind) track.enabled = !isMuted;
        }
        this.#changed();
    }

    isMuted(kind) {
        return (this.stream?.getTracks() ?? []).some((track) => track.kind === kind && !track.enabled);
    }

    has(kind) {
        return (this.stream?.getTracks() ?? []).some((track) => track.kind === kind);
    }

    /** Once a second. */
    async tick() {
        const connection = this.session.connection;
        if (this.session.state !== 'live' || !connection) return;
        const report = await connection.getStats();
        const numbers = { ...this.#numbers.read(report), ...this.#link.read(report) };
        show(numbers, this.#elements.numbers);
        this.#sparkline.add(numbers.bitrate);
    }

    #url() {
        const name = this.#elements.name.value.trim();
        const query = new URLSearchParams({ ...(name && { participant: name }), profile: this.#saving.profile });
        return `/whip/${encodeURIComponent(this.#roomName())}?${query}`;
    }

    #use(stream, source) {
        this.#release();
        this.stream = stream;
        const preview = this.#elements.preview;
        preview.srcObject = stream;
        const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
        preview.classList.toggle('mirrored', source === 'camera' && facing !== 'environment');
        this.#meter.start(stream);
        for (const track of stream.getVideoTracks()) {
            track.contentHint = source === 'screen' ? 'detail' : 'motion';
            track.addEventListener('ended', () => this.#lost(stream, source));
        }
    }

    /** The browser's own button ended the sharing, or the camera was unplugged. */
    #lost(stream, source) {
        if (stream !== this.stream) return;
        if (source === 'screen') this.stop();
        else this.session.fail(new Problem('The camera went away', 'It was unplugged or taken by another program. Press Publish when it is back.'));
    }

    #prepare(connection) {
        for (const kind of ['video', 'audio']) {
            const track = this.stream.getTracks().find((t) => t.kind === kind);
            if (!track) continue;
            const isVideo = kind === 'video';
            const transceiver = connection.addTransceiver(track, {
                direction: 'sendonly', streams: [this.stream],
                ...(isVideo ? { sendEncodings: [this.#encoding(track)] } : {}),
            });
            if (!isVideo) continue;
            this.#sender = transceiver.sender;
            preferCodec(transceiver, this.#elements.codec.value);
        }
        this.#numbers = new Numbers('outbound');
        this.#sparkline.clear();
    }

    #encoding(track) {
        return this.#saving.isOn ? savingEncoding({ width: 1280, height: 720, ...track.getSettings() })
            : { maxBitrate: Number(this.#elements.maxBitrate.value) };
    }

    async #limitBitrate() {
        if (!this.session.isActive || !this.#sender || this.#saving.isOn) return;
        const parameters = this.#sender.getParameters();
        for (const encoding of parameters.encodings) encoding.maxBitrate = Number(this.#elements.maxBitrate.value);
        try {
            await this.#sender.setParameters(parameters);
        } catch {
            // Between two sessions there is nothing to set; the next one starts with the new limit.
        }
    }

    #sessionChanged() {
        if (!this.session.isActive) this.#release();
        if (this.session.state !== 'live') {
            this.#link.close();
            show({}, this.#elements.numbers);
        }
        this.#changed();
    }

    #release() {
        for (const track of this.stream?.getTracks() ?? []) track.stop();
        this.stream = null;
        this.#sender = null;
        this.participant = '';
        this.#elements.preview.srcObject = null;
        this.#meter.stop();
    }
}

/** The wanted codec first; the others stay behind it, for a relay that cannot take it. */
function preferCodec(transceiver, name) {
    if (!name || !transceiver.setCodecPreferences) return;
    const isWanted = (codec) => codec.mimeType.toLowerCase() === `video/${name.toLowerCase()}`;
    for (const kind of [RTCRtpSender, RTCRtpReceiver]) {
        const codecs = kind.getCapabilities('video')?.codecs ?? [];
        if (!codecs.some(isWanted)) continue;
        try {
            transceiver.setCodecPreferences([...codecs.filter(isWanted), ...codecs.filter((codec) => !isWanted(codec))]);
            return;
        } catch {
            // Older browsers take the receiver's list here.
        }
    }
}

/** Greys out what this browser cannot encode. */
export function offerCodecs(select) {
    const codecs = window.RTCRtpSender?.getCapabilities?.('video')?.codecs ?? [];
    for (const option of select.options) {
        const isOffered = codecs.some((codec) => codec.mimeType.toLowerCase() === `video/${option.value.toLowerCase()}`);
        if (option.value && !isOffered) {
            option.disabled = true;
            option.textContent += ' (not in this browser)';
        }
    }
}
