import { Devices, none, offerDevices } from './devices.js';

const namePattern = /^[A-Za-z0-9._-]{1,64}$/;

const $ = (id) => document.getElementById(id);

/** What is chosen before a conference: room, name, camera, microphone. */
export class Lobby {
    devices;

    #size;

    /**
     * @param {{size: {width: number, height: number}, join: () => void, changed: () => void}} parts `size`: of the picture to ask the camera for.
     */
    constructor({ size, join, changed }) {
        this.#size = size;
        this.devices = new Devices(() => {
            this.offer();
            changed();
        });
        $('lobby-form').addEventListener('submit', (event) => { event.preventDefault(); join(); });
        for (const choice of [$('camera-choice'), $('microphone-choice')]) choice.addEventListener('change', () => this.open());
        // A wrong name is pointed out when it is used and forgiven as soon as it is right.
        for (const [input, hint] of [[$('room'), $('room-hint')], [$('participant-name'), $('name-hint')]]) {
            input.addEventListener('input', () => {
                if (!hint.hidden) isValid(input, hint);
                changed();
            });
        }
        navigator.mediaDevices?.addEventListener?.('devicechange', () => this.offer());
    }

    get room() {
        return $('room').value.trim();
    }

    get name() {
        return $('participant-name').value.trim();
    }

    get isMuted() {
        return $('lobby-muted').checked;
    }

    get isMirrored() {
        return this.devices.track('video')?.getSettings().facingMode !== 'environment';
    }

    /** Takes over what a link says. @param {URLSearchParams} query */
    read(query) {
        for (const [name, input] of [['room', $('room')], ['name', $('participant-name')]]) {
            const value = query.get(name) ?? '';
            if (namePattern.test(value)) input.value = value;
        }
        // Nobody waits for the names of the devices: some systems take long to find them, or never do.
        this.offer();
        for (const thing of ['camera', 'microphone']) if (query.get(thing) === none) $(`${thing}-choice`).value = none;
    }

    offer() {
        offerDevices($('camera-choice'), 'videoinput', 'No camera');
        offerDevices($('microphone-choice'), 'audioinput', 'No microphone');
    }

    open() {
        return this.devices.open({ camera: $('camera-choice').value, microphone: $('microphone-choice').value, ...this.#size });
    }

    /** Whether one can join with what is filled in; the first wrong field gets the focus. */
    isComplete() {
        return isValid($('room'), $('room-hint')) && isValid($('participant-name'), $('name-hint'));
    }

    focus() {
        (this.name ? $('join') : $('participant-name')).focus();
    }

    /** @param {boolean} hasLeft */
    show(hasLeft) {
        const preview = $('lobby-preview');
        const isOpen = Boolean(this.devices.track('video'));
        const stream = isOpen ? this.devices.stream : null;
        if (preview.srcObject !== stream) preview.srcObject = stream;
        preview.classList.toggle('mirrored', this.isMirrored);
        $('lobby-curtain').hidden = isOpen;
        write($('lobby-words'), this.devices.isOpening ? 'Your browser asks for permission. Please allow it.'
            : hasLeft ? 'Camera and microphone are closed.' : 'Your camera is not open. You can join without.');
        write($('lobby-title'), hasLeft ? 'You left the conference' : 'Ready to join?');
        write($('join-words'), hasLeft ? 'Join again' : 'Join');
    }
}

/** Shows or hides the rule for a name; an empty optional name is fine. */
function isValid(input, hint) {
    const isFine = namePattern.test(input.value.trim()) || (!input.required && input.value.trim() === '');
    input.setAttribute('aria-invalid', String(!isFine));
    hint.hidden = isFine;
    if (!isFine) input.focus();
    return isFine;
}

function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
