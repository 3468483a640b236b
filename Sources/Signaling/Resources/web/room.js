import { authorization } from './grant.js';

const everyMilliseconds = 3000;

/** Follows who is in a room while somebody here cares, and asks once when nobody does. */
export class Room {
    name = '';
    /** Participants as the relay tells them: `{id, connected, tracks: [{kind, codec}]}`. */
    participants = [];
    watchers = 0;

    #changed;
    #timer = 0;
    #isFollowed = false;

    /** @param {() => void} changed Called when there is news. */
    constructor(changed) {
        this.#changed = changed;
    }

    enter(name) {
        this.name = name;
        this.#set([], 0);
        this.look();
    }

    set isFollowed(value) {
        if (value === this.#isFollowed) return;
        this.#isFollowed = value;
        this.look();
    }

    /** @returns {boolean} Whether somebody publishes; with a name, whether that one does. */
    hasPublisher(id = '') {
        return this.participants.some((p) => p.connected !== false && (id === '' || p.id === id));
    }

    async look() {
        clearTimeout(this.#timer);
        const name = this.name;
        if (!document.hidden) {
            try {
                const response = await fetch(`/rooms/${encodeURIComponent(name)}`, {
                    cache: 'no-store', headers: authorization(), signal: AbortSignal.timeout(5000),
                });
                if (name !== this.name) return;
                if (response.status === 404) this.#set([], 0);
                if (response.ok) {
                    const told = await response.json();
                    if (name !== this.name) return;
                    this.#set(told.participants ?? [], told.watchers ?? 0);
                }
            } catch {
                // A relay that is away is the sessions' concern; the last known list stays.
            }
        }
        clearTimeout(this.#timer);
        if (this.#isFollowed) this.#timer = setTimeout(() => this.look(), everyMilliseconds);
    }

    #set(participants, watchers) {
        this.participants = participants;
        this.watchers = watchers;
        this.#changed();
    }
}
