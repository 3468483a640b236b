import { Control } from './control.js';
import { EncodingSwitch, cameraEncodings, offerOnly } from './encodings.js';
import { Events } from './events.js';
import { Problem } from './problem.js';
import { savingEncoding } from './saving.js';
import { Session } from './session.js';
import { Slots } from './slots.js';
import { Store } from './store.js';
import { Voices, withSilence } from './voices.js';

const readyPollMilliseconds = 1000;
/** What was refused is asked for again after so long, unless there is news before. */
const refusalMilliseconds = 3000;

/**
 * One person's part in a conference: one offer with the own tracks and the receive slots, one answer, and from then on
 * events and control requests (the relay's documentation, page Conferences).
 */
export class Conference {
    session;
    store = new Store();
    voices;
    /** What of our own tracks the others are not to have: by `microphone` and `camera`. */
    muted = { microphone: false, camera: false };
    /** The track of the shared screen, while it is shared. */
    screen = null;

    #wishes;
    #devices;
    #saving;
    #changed;
    #control = null;
    #events = null;
    #slots = null;
    #sections = null;
    #switch = null;
    /** Whether data was saved when the session was opened. */
    #isOpenedSaving = false;
    #streams = new Map();
    #shown = { wanted: [], follows: null };
    #refused = new Map();
    #moveTimer = 0;
    /** The relay that we were told to move to; empty: the one that the page came from. */
    #base = '';

    /**
     * @param {{wishes: {room: string, name: string, slots: number, voices: number, layers: number},
     *          devices: import('./devices.js').Devices, saving: import('./saving.js').Saving, changed: () => void}} parts `wishes` are read whenever a session is opened.
     */
    constructor({ wishes, devices, saving, changed }) {
        this.#wishes = wishes;
        this.#devices = devices;
        this.#saving = saving;
        this.#changed = changed;
        this.voices = new Voices(changed);
        this.session = new Session({
            url: () => this.#url(),
            base: () => this.#base,
            prepare: (connection) => this.#prepare(connection),
            answered: (response, location) => this.#answered(response, location),
            accept: withSilence,
            changed: () => this.#sessionChanged(),
        });
    }

    join() {
        this.session.start();
    }

    leave() {
        this.session.stop();
        this.#endSession();
        this.stopSharing();
    }

    /** Tells the relay, and our own encoder, whether data is saved. */
    applySaving() {
        const { isOn, profile } = this.#saving;
        if (!isOn && this.#isOpenedSaving) {
            // What was agreed on has room for one small encoding only.
            this.session.renew();
        } else {
            this.#control?.wantOf('profile', profile);
            this.#switch?.save(isOn);
            limitVoice(this.#sections?.audio.sender, isOn);
        }
        this.#changed();
    }

    // ---- What this person sends ----

    /** @param {'microphone' | 'camera'} thing */
    mute(thing, isMuted) {
        this.muted[thing] = isMuted;
        this.#applyMuting();
        this.#changed();
    }

    #applyMuting() {
        const microphone = this.#devices.track('audio');
        const camera = this.#devices.track('video');
        if (microphone) microphone.enabled = !this.muted.microphone;
        if (camera) camera.enabled = !this.muted.camera;
        if (!this.#control) return;
        const { audio, video, screen } = this.#sections;
        const isAway = (track) => track?.readyState !== 'live';
        this.#control.want('tracks', audio.mid, { muted: this.muted.microphone || isAway(microphone) });
        this.#control.want('tracks', video.mid, { label: 'camera', muted: this.muted.camera || isAway(camera) });
        this.#control.want('tracks', screen.mid, { label: 'screen', muted: !this.screen });
    }

    /** @throws {Problem} */
    async share() {
        if (!navigator.mediaDevices?.getDisplayMedia) throw new Problem('This browser cannot share a screen', 'Phones mostly cannot.');
        let stream;
        try {
            stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: false });
        } catch (error) {
            throw Problem.ofCapture(error, 'screen');
        }
        const [track] = stream.getVideoTracks();
        if (!this.session.isActive || this.screen) {
            track.stop();
            return;
        }
        track.contentHint = 'detail';
        track.addEventListener('ended', () => { if (track === this.screen) this.stopSharing(); });
        this.screen = track;
        await this.#sections?.screen.sender.replaceTrack(track).catch(() => {});
        this.#applyMuting();
        this.#changed();
    }

    stopSharing() {
        if (!this.screen) return;
        this.screen.stop();
        this.screen = null;
        this.#sections?.screen.sender.replaceTrack(null).catch(() => {});
        this.#applyMuting();
        this.#changed();
    }

    // ---- What this person sees ----

    /** Asks for these pictures, the most important first; see `Slots`. */
    show(wanted, follows) {
        this.#shown = { wanted, follows };
        this.#applyMuting();
        this.#ask();
    }

    #ask() {
        if (!this.#control || !this.store.isKnown) return;
        const now = Date.now();
        const { wanted, follows } = this.#shown;
        const asked = this.#slots.assign(wanted.filter((source) => !(this.#refused.get(source.key) > now)), {
            follows, isSingle: this.store.profile?.profile === '3g', slotOf: (participant, track) => this.store.slotOf(participant, track),
        });
        for (const [mid, members] of asked) this.#control.want('slots', mid, members);
    }

    /** What a slot plays, for a video element. */
    stream(mid) {
        const receiver = this.#sections?.pictures.find((section) => section.mid === mid)?.receiver;
        if (!receiver) return null;
        if (!this.#streams.has(receiver)) this.#streams.set(receiver, new MediaStream([receiver.track]));
        return this.#streams.get(receiver);
    }

    /** The slots by the id of what they play, for statistics of browsers that do not name MIDs. */
    get midsByTrack() {
        return new Map((this.#sections?.pictures ?? []).map((section) => [section.receiver.track.id, section.mid]));
    }

    // ---- The session ----

    #url() {
        // After a break we come back under the name by which the others know us.
        const name = this.store.participant || this.#wishes.name;
        const query = new URLSearchParams({ ...(name && { participant: name }), profile: this.#saving.profile });
        return `${this.#base}/rooms/${encodeURIComponent(this.#wishes.room)}/sessions?${query}`;
    }

    #prepare(connection) {
        this.#endSession();
        const camera = this.#devices.track('video');
        const size = { width: 1280, height: 720, ...camera?.getSettings() };
        const send = (track, kind, sendEncodings) => connection.addTransceiver(track ?? kind, {
            direction: 'sendonly', streams: this.#devices.stream ? [this.#devices.stream] : [], ...(sendEncodings && { sendEncodings }),
        });
        const receive = (count, kind) => Array.from({ length: count }, () => connection.addTransceiver(kind, { direction: 'recvonly' }));
        this.#sections = {
            audio: send(this.#devices.track('audio'), 'audio'),
            video: send(camera, 'video', this.#saving.isOn ? [savingEncoding(size)] : cameraEncodings(size, this.#wishes.layers)),
            // There from the start, so that sharing later needs no other offer.
            screen: send(this.screen, 'video', [{ maxBitrate: 2_500_000 }]),
            voices: receive(this.#wishes.voices, 'audio'),
            pictures: receive(this.#wishes.slots, 'video'),
        };
        for (const section of [this.#sections.audio, ...this.#sections.voices]) offerOnly(section, ['opus']);
        for (const section of [this.#sections.video, this.#sections.screen]) offerOnly(section, ['VP8']);
        for (const section of this.#sections.pictures) offerOnly(section, ['VP8', 'VP9', 'H264']);
        this.#switch = new EncodingSwitch(this.#sections.video.sender, size);
        this.#isOpenedSaving = this.#saving.isOn;
        this.voices.play(this.#sections.voices.map((section) => section.receiver.track));
    }

    #answered(response, location) {
        this.store.participant = response.headers.get('smartc-participant') ?? this.#wishes.name;
        this.#slots = new Slots(this.#sections.pictures.map((section) => section.mid));
        this.#control = new Control(`${location}/control`, {
            gone: (problem) => problem.retry ? this.session.lose(problem) : this.session.fail(problem),
            refused: (pointer) => this.#refuse(pointer),
        });
        this.#events = new Events(`${location}/events`, {
            told: (type, data) => this.#told(type, data),
            refused: () => this.#control?.check(),
        });
        this.#applyMuting();
    }

    #told(type, data) {
        this.store.apply(type, data);
        // Whoever was refused may be there by now.
        if (type === 'joined' || type === 'track' || type === 'snapshot') this.#refused.delete(data.id ?? data.participant);
        if (type === 'layers' && data.track === this.#sections.video.mid) this.#switch.want(data.wanted ?? []);
        if (type === 'move') this.#move(Date.now() + (data.deadlineSeconds ?? 0) * 1000, data.url ?? this.#base);
        if (type === 'closed') {
            this.session.lose(new Problem('The relay ended the session', `${data?.reason ? `It said: ${data.reason}. ` : ''}The page tries to come back.`, { retry: true }));
        }
        this.#changed();
    }

    /** A pin of somebody who has just left, mostly: that one picture is not asked for until there is news of it. */
    #refuse(pointer) {
        const [, part, mid] = pointer.split('/');
        const key = part === 'slots' ? this.#slots?.keyAt(mid) : null;
        if (key) this.#refused.set(key, Date.now() + refusalMilliseconds);
        this.#ask();
        setTimeout(() => this.#ask(), refusalMilliseconds + 100);
    }

    /** The node is being drained: as soon as another one answers, there or at this address, we go to it. */
    async #move(deadline, base) {
        clearTimeout(this.#moveTimer);
        if (Date.now() > deadline || !this.session.isActive) return;
        const isReady = await fetch(`${base}/readyz`, { cache: 'no-store' }).then((response) => response.ok, () => false);
        if (isReady) {
            this.#base = base;
            this.session.renew();
        } else {
            this.#moveTimer = setTimeout(() => this.#move(deadline, base), readyPollMilliseconds);
        }
    }

    #endSession() {
        clearTimeout(this.#moveTimer);
        this.#control?.close();
        this.#events?.close();
        this.#control = null;
        this.#events = null;
        this.#sections = null;
        this.#streams.clear();
        this.#refused.clear();
        this.store.clear();
        this.voices.stop();
    }

    #sessionChanged() {
        if (this.session.state === 'live') this.#switch?.again();
        if (!this.session.isActive || (this.session.state === 'retrying' && !this.session.connection)) this.#endSession();
        this.#changed();
    }
}

/** Fewer bits for the voice while data is saved; how long its packets are stays as agreed on. */
async function limitVoice(sender, isSaving) {
    const parameters = sender?.getParameters();
    if (!parameters?.encodings?.length) return;
    for (const encoding of parameters.encodings) {
        if (isSaving) encoding.maxBitrate = 16_000;
        else delete encoding.maxBitrate;
    }
    await sender.setParameters(parameters).catch(() => {});
}
