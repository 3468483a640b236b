import { savingEncoding } from './saving.js';

/** Bits per second by the height of an encoding: what libwebrtc's own simulcast would give, and less for the smallest. */
const bitrates = [[200, 150_000], [400, 500_000], [600, 1_200_000], [Infinity, 2_500_000]];

/**
 * The encodings of a camera, the smallest first. Below 960x540 browsers send two of three without a word, so two are asked
 * for there.
 *
 * @param {{width: number, height: number}} size Of the camera.
 * @param {number} layers 1 to 3; 0 lets the size decide.
 */
export function cameraEncodings({ width, height }, layers = 0) {
    const largest = Math.max(width, height);
    const count = layers || (largest >= 960 ? 3 : 2);
    const scales = { 1: [1], 2: [largest <= 640 ? 2.5 : 2, 1], 3: [4, 2, 1] }[count] ?? [4, 2, 1];
    const rids = ['q', 'h', 'f'].slice(-scales.length);
    if (scales.length === 2) rids[0] = 'q';
    return scales.map((scaleResolutionDownBy, place) => ({
        rid: rids[place], scaleResolutionDownBy,
        maxBitrate: bitrates.find(([below]) => Math.min(width, height) / scaleResolutionDownBy < below)[1],
    }));
}

/** What is offered of a camera's encodings: while data is saved the smallest alone is sent, and that is small. */
export function offeredEncodings(encodings, size, isSaving) {
    if (!isSaving) return encodings;
    return encodings.map((encoding, place) => place === 0 ? { ...encoding, ...savingEncoding(size) } : { ...encoding, active: false });
}

/** Switches encodings of one sender on and off; changes wait for each other, and only the last of those waiting is made. */
export class EncodingSwitch {
    #sender;
    #wanted = null;
    #last = null;
    #isBusy = false;
    #isForced = false;
    #size;
    #isSaving;
    /** The limits of each encoding while no data is saved, by RID. */
    #usual;

    /**
     * @param {RTCRtpSender} sender
     * @param {{size: {width: number, height: number}, encodings: object[], isSaving: boolean}} parts `size` is the camera's, `encodings` are what it sends
     *        while no data is saved, and `isSaving` says which of the two was offered.
     */
    constructor(sender, { size, encodings, isSaving }) {
        this.#sender = sender;
        this.#size = size;
        this.#isSaving = isSaving;
        this.#usual = new Map(encodings.map((encoding) => [encoding.rid, limitsOf(encoding)]));
    }

    /** From now on one small encoding is sent, or what is wanted again. */
    save(isSaving) {
        if (this.#isSaving === isSaving) return;
        this.#isSaving = isSaving;
        this.want(this.#last ?? this.#all());
    }

    #all() {
        return this.#sender.getParameters().encodings?.map(({ rid }) => rid) ?? [];
    }

    /** @param {string[]} rids What somebody wants. The smallest stays on in any case, ready for whoever comes next. */
    async want(rids) {
        this.#wanted = rids;
        this.#last = rids;
        if (this.#isBusy) return;
        this.#isBusy = true;
        while (this.#wanted) {
            const wanted = this.#wanted;
            this.#wanted = null;
            try {
                await this.#set(wanted);
            } catch {
                // Between two sessions there is nothing to set; the relay says again what it wants.
            }
        }
        this.#isBusy = false;
    }

    /** What was last wanted, once more: before the answer is in place nothing can be set. */
    again() {
        // Chromium goes on encoding what was offered as inactive until it is told once more.
        this.#isForced = this.#isSaving;
        if (this.#last || this.#isSaving) this.want(this.#last ?? this.#all());
    }

    async #set(wanted) {
        const parameters = this.#sender.getParameters();
        const { encodings } = parameters;
        if (!encodings?.length) return;
        const isWanted = (rid) => wanted.includes(rid);
        const nobody = this.#isSaving || !encodings.some(({ rid }) => isWanted(rid));
        let hasChanged = this.#isForced;
        this.#isForced = false;
        encodings.forEach((encoding, place) => {
            const active = encodings.length === 1 || (isWanted(encoding.rid) && !this.#isSaving) || (nobody && place === 0);
            hasChanged ||= (encoding.active ?? true) !== active;
            encoding.active = active;
            if (place > 0) return;
            const limits = this.#isSaving ? savingEncoding(this.#size) : this.#usual.get(encoding.rid) ?? {};
            hasChanged ||= JSON.stringify(limitsOf(encoding)) !== JSON.stringify(limitsOf(limits));
            for (const [name, value] of Object.entries(limitsOf(limits))) {
                if (value === null) delete encoding[name];
                else encoding[name] = value;
            }
        });
        if (hasChanged) await this.#sender.setParameters(parameters);
    }
}

/**
 * Offers these codecs and what repairs their losses, nothing else: with many sections an offer is long enough.
 *
 * @param {RTCRtpTransceiver} transceiver
 * @param {string[]} names Such as `VP8`; those that the browser lacks are left out.
 */
export function offerOnly(transceiver, names) {
    const { kind } = transceiver.receiver.track;
    const codecs = RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? [];
    const chosen = names.map((name) => codecs.find((codec) => isPlain(codec, `${kind}/${name}`.toLowerCase()))).filter(Boolean);
    const repair = codecs.filter((codec) => codec.mimeType.toLowerCase() === 'video/rtx').slice(0, 1);
    if (chosen.length === 0 || !transceiver.setCodecPreferences) return;
    try {
        transceiver.setCodecPreferences([...chosen, ...repair]);
    } catch {
        // Older Safari takes nothing but the whole list; its offer is merely longer.
    }
}

/** The one variant of a codec that everybody decodes: VP9 profile 0, H.264 constrained baseline in packetization mode 1. */
function isPlain({ mimeType, sdpFmtpLine = '' }, name) {
    if (mimeType.toLowerCase() !== name) return false;
    if (name === 'video/vp9') return !/profile-id=[1-9]/.test(sdpFmtpLine);
    if (name === 'video/h264') return /packetization-mode=1/.test(sdpFmtpLine) && /profile-level-id=42e0/i.test(sdpFmtpLine);
    return true;
}

function limitsOf({ maxBitrate = null, maxFramerate = null, scaleResolutionDownBy = null }) {
    return { maxBitrate, maxFramerate, scaleResolutionDownBy };
}
