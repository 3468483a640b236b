/**
 * What the relay has told of a conference: who is there, who speaks, what the slots show (the table of events in the
 * relay's documentation, page Conferences).
 *
 * Participant: `{id, connected, tracks: [{mid, kind, label, codec, muted}]}`.
 * Slot: `{mid, kind, state, participant, track, width, height}`.
 */
export class Store {
    /** The name under which the others see us. */
    participant = '';
    /** By id, in the order in which they came; without ourselves. */
    participants = new Map();
    /** By MID. */
    slots = new Map();
    speaker = null;
    /** Everybody who has spoken, the latest first; without ourselves. */
    heard = [];
    /** What the link carries; null while unknown. */
    bitsPerSecond = null;
    /** What the relay serves: `{profile, wish, reason}`; null while unknown. */
    profile = null;
    /** Whether a snapshot has come since `clear`. */
    isKnown = false;

    /** A new session begins: nothing of what the old one said holds for its slots. The people stay until the snapshot. */
    clear() {
        this.slots.clear();
        this.bitsPerSecond = null;
        this.profile = null;
        this.isKnown = false;
    }

    /** @param {string} type The name of the event. */
    apply(type, data) {
        switch (type) {
        case 'snapshot': return this.#replace(data);
        case 'joined': return this.#join(data);
        case 'left': return this.#leave(data.participant);
        case 'track': return this.#track(data.participant, data.track);
        case 'speaker': return this.#speak(data.participant ?? null);
        case 'slot':
            this.slots.set(data.mid, data);
            break;
        case 'profile':
            this.profile = data;
            break;
        case 'bandwidth':
            this.bitsPerSecond = data.bitsPerSecond ?? null;
            break;
        }
    }

    /** The slot that shows a track, if there is one. */
    slotOf(participant, track) {
        for (const slot of this.slots.values()) {
            if (slot.kind === 'video' && slot.participant === participant && slot.track === track) return slot;
        }
        return null;
    }

    #replace({ participant, participants = [], speaker = null, slots = [], bitsPerSecond = null, profile = null }) {
        if (participant) this.participant = participant;
        const others = new Map(participants.filter((p) => p.id !== this.participant).map((p) => [p.id, p]));
        // Those who were here already keep their places.
        const kept = [...this.participants.keys()].filter((id) => others.has(id));
        this.participants = new Map([...kept, ...others.keys()].map((id) => [id, others.get(id)]));
        this.heard = this.heard.filter((id) => others.has(id));
        this.slots = new Map(slots.map((slot) => [slot.mid, slot]));
        this.bitsPerSecond = bitsPerSecond;
        this.profile = profile;
        this.isKnown = true;
        this.#speak(speaker);
    }

    #join(participant) {
        if (participant.id !== this.participant) this.participants.set(participant.id, { tracks: [], ...participant });
    }

    #leave(id) {
        this.participants.delete(id);
        this.heard = this.heard.filter((each) => each !== id);
        if (this.speaker === id) this.speaker = null;
    }

    #track(id, track) {
        const participant = this.participants.get(id);
        if (!participant) return;
        const tracks = participant.tracks.some((t) => t.mid === track.mid)
            ? participant.tracks.map((t) => t.mid === track.mid ? track : t) : [...participant.tracks, track];
        this.participants.set(id, { ...participant, tracks });
    }

    #speak(id) {
        this.speaker = id;
        if (this.participants.has(id)) this.heard = [id, ...this.heard.filter((each) => each !== id)];
    }
}

/**
 * What has a tile: every participant with the first camera, and every other picture that somebody shows.
 *
 * @param {Iterable<object>} participants
 * @returns {{key: string, participant: string, track: string, kind: 'person' | 'screen' | 'picture', label: string, hasVideo: boolean,
 *            isHidden: boolean, isSilent: boolean, isConnected: boolean}[]} `track` is the MID, empty without video.
 */
export function sources(participants) {
    const found = [];
    for (const { id, connected, tracks = [] } of participants) {
        const videos = tracks.filter((t) => t.kind === 'video');
        const sounds = tracks.filter((t) => t.kind === 'audio');
        const camera = videos.find((t) => t.label !== 'screen');
        const base = { participant: id, isConnected: connected !== false, isSilent: sounds.every((t) => t.muted) };
        found.push({
            ...base, key: id, kind: 'person', label: '', track: camera?.mid ?? '', hasVideo: Boolean(camera), isHidden: Boolean(camera?.muted),
        });
        for (const other of videos) {
            // Before its first packet a track without a label may be anything; a muted one shows nothing.
            if (other === camera || other.muted || (other.label !== 'screen' && !other.codec)) continue;
            found.push({
                ...base, key: `${id}/${other.mid}`, kind: other.label === 'screen' ? 'screen' : 'picture', label: other.label ?? '',
                track: other.mid, hasVideo: true, isHidden: false,
            });
        }
    }
    return found;
}
