/** The buttons that say whom to watch: the room, or one participant. */
export class People {
    #list;
    #choose;
    #items = new Map();

    /**
     * @param {HTMLUListElement} list
     * @param {(participant: string) => void} choose Empty for the room.
     */
    constructor(list, choose) {
        this.#list = list;
        this.#choose = choose;
    }

    /**
     * @param {{id: string, connected: boolean, tracks: {kind: string, codec: string}[]}[]} participants
     * @param {{chosen: string, own: string, isWatching: boolean}} options
     */
    show(participants, { chosen, own, isWatching }) {
        const rows = [{ id: '', title: 'Follow the room', note: 'whoever is live' },
            ...participants.map((p) => ({ id: p.id, title: p.id === own ? `${p.id} (you)` : p.id, note: noteOf(p) }))];
        if (chosen && !participants.some((p) => p.id === chosen)) rows.push({ id: chosen, title: chosen, note: 'not here right now' });
        // Kept in place rather than rebuilt, so that a refresh does not take the keyboard focus away.
        for (const [id, item] of this.#items) {
            if (rows.some((row) => row.id === id)) continue;
            item.remove();
            this.#items.delete(id);
        }
        rows.forEach((row, place) => {
            const item = this.#items.get(row.id) ?? this.#make(row.id);
            const button = item.firstElementChild;
            write(button.children[0], row.title);
            write(button.children[1], row.note);
            button.setAttribute('aria-pressed', String(row.id === chosen && isWatching));
            if (this.#list.children[place] !== item) this.#list.insertBefore(item, this.#list.children[place] ?? null);
        });
        this.#list.hidden = participants.length === 0 && !chosen;
    }

    #make(id) {
        const item = document.createElement('li');
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'person';
        button.dataset.participant = id;
        button.append(document.createElement('b'), document.createElement('small'));
        button.addEventListener('click', () => this.#choose(id));
        item.append(button);
        this.#items.set(id, item);
        return item;
    }
}

function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

function noteOf({ connected, tracks = [] }) {
    if (connected === false) return 'away';
    const video = tracks.find((t) => t.kind === 'video');
    if (video) return video.codec || 'picture';
    return tracks.length > 0 ? 'sound only' : 'joining';
}
