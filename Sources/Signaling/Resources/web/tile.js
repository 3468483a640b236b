const stateWords = {
    waiting: 'Waiting for the picture',
    starved: 'Your connection is too narrow for this picture right now',
    paused: 'Paused while it is not shown',
    muted: 'The camera is off',
    sound: 'No camera',
    away: 'Connection lost',
    unasked: 'Only so many pictures are shown at once; who speaks is shown first',
};
const badgeWords = { waiting: 'waiting', starved: 'weak link', paused: 'paused', away: 'away' };

/** The tile of one picture, or of somebody without one. */
export class Tile {
    element;
    button;
    /** What the tile shows; see `sources`. */
    source = null;

    #video;
    #fit = 'cover';
    #aspect = 16 / 9;
    #initials;
    #name;
    #badge;

    /** @param {HTMLTemplateElement} template @param {() => void} pressed */
    constructor(template, pressed) {
        this.element = template.content.firstElementChild.cloneNode(true);
        const part = (name) => this.element.querySelector(`.${name}`);
        this.#video = part('picture');
        this.#initials = part('initials');
        this.#name = part('name-words');
        this.#badge = part('badge');
        this.button = part('pin');
        // As a property too: browsers let only elements play by themselves that they know to be silent.
        this.#video.muted = true;
        this.button.addEventListener('click', pressed);
    }

    /**
     * @param {{source: object, slot: object | null, stream: MediaStream | null, isSelf: boolean, isMirrored: boolean, isSpeaking: boolean,
     *          isStage: boolean, isPinned: boolean, place: number, numbers: {height?: number, width?: number, frameRate?: number} | null}} shown
     */
    show({ source, slot, stream, isSelf, isMirrored, isSpeaking, isStage, isPinned, place, numbers }) {
        this.source = source;
        this.#fit = isStage || source.kind === 'screen' ? 'contain' : 'cover';
        if (slot?.width && slot?.height) this.#aspect = slot.width / slot.height;
        const state = stateOf(source, slot, isSelf);
        const isPlaying = Boolean(stream) && (state === 'active' || (isSelf && !source.isHidden));
        this.#play(isPlaying ? stream : null);
        setData(this.element, {
            participant: source.participant, track: source.track, state, slotMid: slot?.mid ?? '', kind: source.kind,
            picture: isPlaying && numbers?.height ? `${numbers.width}x${numbers.height}` : '',
            speaking: String(isSpeaking), silent: String(source.isSilent && source.kind === 'person'), stage: String(isStage),
            playing: String(isPlaying), pinned: String(isPinned),
        });
        this.element.style.order = isStage ? -1 : place;
        this.#video.classList.toggle('mirrored', isMirrored);
        const title = isSelf ? 'You' : source.kind === 'person' ? source.participant : `${source.participant}’s ${source.label || 'second camera'}`;
        write(this.#name, title);
        write(this.#initials, initials(source.participant || 'You'));
        this.#initials.style.setProperty('--hue', String(hue(source.participant)));
        this.button.hidden = isSelf;
        const quality = this.#showBadge(state, isPlaying ? numbers : null, isSelf, source);
        const hint = [title, quality, !isSelf && `Press to ${isPinned ? 'unpin' : 'pin'}`].filter(Boolean).join('. ');
        const hinted = isSelf ? this.element : this.button;
        if (hinted.title !== hint) hinted.title = hint;
        const notes = [title, isSpeaking && 'speaking', source.isSilent && source.kind === 'person' && 'muted', !isPlaying && stateWords[state]?.toLowerCase()];
        this.button.setAttribute('aria-label', notes.filter(Boolean).join(', '));
        this.button.setAttribute('aria-pressed', String(isPinned));
    }

    /** The height in CSS pixels of the picture in a tile of this size. @param {DOMRect} box */
    pictureHeight(box) {
        return this.#fit === 'contain' ? Math.min(box.height, box.width / this.#aspect) : box.height;
    }

    /** @param {number} height In device pixels; 0 while out of sight. */
    set height(height) {
        setData(this.element, { height: String(height) });
    }

    remove() {
        this.#play(null);
        this.element.remove();
    }

    #play(stream) {
        if (this.#video.srcObject === stream) return;
        this.#video.srcObject = stream;
        // A tile that was taken out of sight and back has to be told.
        if (stream) this.#video.play().catch(() => {});
    }

    /** @returns {string} The same in words. */
    #showBadge(state, numbers, isSelf, source) {
        const rate = Math.round(numbers?.frameRate ?? 0);
        const words = numbers?.height ? `${Math.min(numbers.height, numbers.width)}p · ${rate}` : badgeWords[state] ?? '';
        const level = numbers?.height ? (rate >= 12 ? 'good' : rate >= 5 ? 'fair' : 'poor') : state === 'starved' ? 'poor' : 'fair';
        write(this.#badge, words);
        this.#badge.hidden = words === '';
        setData(this.#badge, { level });
        return numbers?.height
            ? `${isSelf ? 'Sending' : 'Receiving'} ${numbers.width}×${numbers.height} at ${rate} frames a second`
            : isSelf ? (source.isHidden ? 'Your camera is off' : 'Your picture, as in a mirror') : stateWords[state] ?? '';
    }
}

function stateOf(source, slot, isSelf) {
    if (isSelf) return 'self';
    if (!source.isConnected) return 'away';
    if (!source.hasVideo) return 'sound';
    if (source.isHidden) return 'muted';
    return slot?.state ?? 'unasked';
}

function initials(name) {
    const words = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
    const [first = '?', second = ''] = words;
    return (second ? first[0] + second[0] : first.slice(0, 2)).toUpperCase();
}

/** The same colour for the same name, everywhere. */
function hue(name) {
    return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
}

function setData(element, values) {
    for (const [name, value] of Object.entries(values)) {
        if (element.dataset[name] !== value) element.dataset[name] = value;
    }
}

function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
