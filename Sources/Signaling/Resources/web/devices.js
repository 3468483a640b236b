import { Problem } from './problem.js';

const voice = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/** The choice of a device that stands for none. */
export const none = 'none';

/** The camera and the microphone of a person in a conference, who may as well have neither. */
export class Devices {
    /** At most one video and one audio track; null before the first `open`. */
    stream = null;
    /** What is missing although it was asked for. */
    remark = null;
    /** True while the browser opens devices, or asks the person whether it may. */
    isOpening = false;

    #changed;
    #turn = 0;
    #ready = Promise.resolve();

    /** @param {() => void} changed */
    constructor(changed) {
        this.#changed = changed;
    }

    /**
     * Opens what is chosen, instead of what was open before. Never throws: without devices one may still listen.
     *
     * @param {{camera: string, microphone: string, width: number, height: number}} wishes Device ids, empty for the browser's choice, or `none`.
     */
    open(wishes) {
        this.#ready = this.#open(wishes);
        return this.#ready;
    }

    /** Resolves when nothing is being opened any more. */
    get ready() {
        return this.#ready;
    }

    track(kind) {
        return this.stream?.getTracks().find((track) => track.kind === kind) ?? null;
    }

    close() {
        this.#turn += 1;
        this.isOpening = false;
        this.#use(new MediaStream());
        this.stream = null;
        this.remark = null;
        this.#changed();
    }

    async #open({ camera, microphone, width, height }) {
        const turn = ++this.#turn;
        this.isOpening = true;
        this.remark = null;
        this.#changed();
        const video = camera !== none && {
            width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30 }, ...chosen(camera),
        };
        const audio = microphone !== none && { ...voice, ...chosen(microphone) };
        const { stream, remark } = await openBoth(video, audio);
        if (turn !== this.#turn) {
            for (const track of stream.getTracks()) track.stop();
            return;
        }
        this.isOpening = false;
        this.remark = remark;
        this.#use(stream);
        this.#changed();
    }

    #use(stream) {
        for (const track of this.stream?.getTracks() ?? []) track.stop();
        this.stream = stream;
        for (const track of stream.getTracks()) {
            track.contentHint = track.kind === 'video' ? 'motion' : 'speech';
            track.addEventListener('ended', () => this.#lost(stream, track));
        }
    }

    #lost(stream, track) {
        if (stream !== this.stream) return;
        const thing = track.kind === 'video' ? 'camera' : 'microphone';
        this.remark = new Problem(`The ${thing} went away`, 'It was unplugged or taken by another program. Leave and join again when it is back.');
        this.#changed();
    }
}

function chosen(id) {
    return id ? { deviceId: { exact: id } } : {};
}

/** Browsers do not tell which of two devices is missing or refused: one by one does. */
async function openBoth(video, audio) {
    const stream = new MediaStream();
    if (!video && !audio) return { stream, remark: null };
    if (!window.isSecureContext || !navigator.mediaDevices) {
        return {
            stream, remark: new Problem('The browser keeps camera and microphone closed on this page',
                'They are available over https only, or on localhost. You can still join to watch and listen.'),
        };
    }
    try {
        return { stream: await navigator.mediaDevices.getUserMedia({ video, audio }), remark: null };
    } catch (error) {
        if (!video || !audio || error.name === 'NotAllowedError') return { stream, remark: missing(error, video, audio) };
    }
    let remark = null;
    for (const wish of [{ video }, { audio }]) {
        try {
            for (const track of (await navigator.mediaDevices.getUserMedia(wish)).getTracks()) stream.addTrack(track);
        } catch (error) {
            remark = missing(error, wish.video, wish.audio);
        }
    }
    return { stream, remark };
}

function missing(error, video, audio) {
    const thing = video && audio ? 'camera or microphone' : video ? 'camera' : 'microphone';
    if (error.name === 'NotAllowedError' || error.name === 'SecurityError') {
        return new Problem(`The ${thing} was refused`,
            'Allow it for this page, through the icon in the address bar, and choose it again. You can join without.');
    }
    if (error.name === 'NotFoundError' || error.name === 'OverconstrainedError') {
        return new Problem(`No ${thing} found`, 'Connect one and choose it again. You can join without.');
    }
    return new Problem(`The ${thing} does not start`, 'Another program may be using it. Close that one and choose it again. You can join without.');
}

/** Fills a list of choices with the devices of one kind; their names are known only after the person has agreed once. */
export async function offerDevices(select, kind, noneWords) {
    if (select.options.length === 0) offer(select, [], noneWords);
    const all = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []) ?? [];
    offer(select, all.filter((device) => device.kind === kind && device.deviceId && device.label), noneWords);
}

function offer(select, named, noneWords) {
    const options = [['', 'Automatic'], ...named.map((device) => [device.deviceId, device.label]), [none, noneWords]];
    if (JSON.stringify(options) === select.dataset.options) return;
    const before = select.value;
    select.dataset.options = JSON.stringify(options);
    select.replaceChildren(...options.map(([value, words]) => new Option(words, value)));
    select.value = options.some(([value]) => value === before) ? before : '';
}
