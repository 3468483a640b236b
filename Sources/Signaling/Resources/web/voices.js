/** Plays the voices of a conference: one element for each audio slot, because not every browser mixes the tracks of one. */
export class Voices {
    /** The browser plays nothing before the person touches the page. */
    isBlocked = false;

    #changed;
    #players = [];

    /** @param {() => void} changed */
    constructor(changed) {
        this.#changed = changed;
    }

    /** @param {MediaStreamTrack[]} tracks */
    play(tracks) {
        this.stop();
        this.#players = tracks.map((track) => {
            const player = new Audio();
            player.srcObject = new MediaStream([track]);
            return player;
        });
        this.resume();
    }

    /** Again, after the person has pressed something. */
    async resume() {
        const players = this.#players;
        const results = await Promise.allSettled(players.map((player) => player.play()));
        if (players !== this.#players) return;
        this.isBlocked = results.some(({ reason }) => reason?.name === 'NotAllowedError');
        this.#changed();
    }

    stop() {
        for (const player of this.#players) player.srcObject = null;
        this.#players = [];
        this.isBlocked = false;
    }
}

/** An answer that asks for our voice in packets of 60 ms, whose headers take a third of those of the usual ones (RFC 8866 section 6.4). */
export function withLongPackets(answer) {
    return answer.split(/(?=^m=)/m).map((section) => {
        const isOurs = /^m=audio/.test(section) && /^a=recvonly/m.test(section) && !/^a=ptime:/m.test(section);
        return isOurs ? section.replace(/^(a=recvonly)(\r?\n)/m, '$1$2a=ptime:60$2') : section;
    }).join('');
}

/**
 * An answer that lets our microphone fall silent: an Opus encoder sends next to nothing in pauses when the far side's
 * description asks for it (RFC 7587 section 6.1, `usedtx`).
 */
export function withSilence(answer) {
    const sections = answer.split(/(?=^m=)/m);
    return sections.map((section) => {
        const payload = /^m=audio/.test(section) && /^a=recvonly/m.test(section) && section.match(/^a=rtpmap:(\d+) opus\//im)?.[1];
        if (!payload || /usedtx=/.test(section)) return section;
        const parameters = new RegExp(`^(a=fmtp:${payload} [^\\r\\n]*)`, 'm');
        return parameters.test(section) ? section.replace(parameters, '$1;usedtx=1')
            : section.replace(/^(a=rtpmap:\d+ opus\/[^\r\n]*)(\r?\n)/im, `$1$2a=fmtp:${payload} usedtx=1$2`);
    }).join('');
}
