import { Places, arrangeTiles } from './places.js';
import { Tile } from './tile.js';

/** As in meet.css, in CSS pixels: between tiles, and around them. */
const gap = 10;
const inset = 4;
/** So long may the page be hidden before the pictures are given back; whoever looks away for a moment waits for no key frame. */
const hiddenMilliseconds = 5000;
const highest = 4320;

/** All tiles: their order and size, and which of them a person can see. */
export class Grid {
    #list;
    #template;
    #pin;
    #looked;
    #tiles = new Map();
    #places = new Places();
    #observers;
    #order = [];
    #columns = 1;
    #isAway = false;
    #awayTimer = 0;

    /**
     * @param {{list: HTMLUListElement, template: HTMLTemplateElement, pin: (key: string | null) => void, looked: () => void}} parts
     *        `list` scrolls; `looked` is called when other tiles, or the same in another size, may be in sight.
     */
    constructor({ list, template, pin, looked }) {
        this.#list = list;
        this.#template = template;
        this.#pin = pin;
        this.#looked = looked;
        const intersection = new IntersectionObserver(looked, { root: list, threshold: [0, 0.25, 0.5, 0.75, 1] });
        const size = new ResizeObserver(looked);
        this.#observers = [intersection, size];
        size.observe(list);
        list.addEventListener('keydown', (event) => this.#key(event));
        document.addEventListener('visibilitychange', () => this.#hide());
    }

    /**
     * @param {{self: object, sources: object[], stage: import('./stage.js').Stage, store: import('./store.js').Store, capacity: number,
     *          own: {stream: MediaStream, isMirrored: boolean}, streamOf: (mid: string) => MediaStream | null,
     *          numbersOf: (mid: string | null) => object | null}} model Null stands for our own picture. `capacity`: how many pictures can be shown at once.
     */
    show({ self, sources, stage, store, capacity, own, streamOf, numbersOf }) {
        const isGrid = stage.layout === 'grid';
        const front = isGrid ? capacity - 1 : this.#visibleTiles().length - 2;
        // Who is large needs no place in the strip.
        const keys = this.#places.arrange(sources, { heard: store.heard.filter((id) => id !== stage.key), front });
        const byKey = new Map(sources.map((source) => [source.key, source]));
        // Ourselves in the corner of the grid, behind those whom one sees without scrolling; first in the strip.
        const ahead = isGrid ? Math.max(front, 0) : 0;
        const place = new Map([...keys.slice(0, ahead), '', ...keys.slice(ahead)].map((key, index) => [key, index]));
        this.#keep(['', ...keys]);
        for (const [key, tile] of this.#tiles) {
            const isSelf = key === '';
            const source = isSelf ? self : byKey.get(key);
            const slot = isSelf ? null : store.slotOf(source.participant, source.track);
            tile.show({
                source, slot, isSelf, isMirrored: isSelf && own.isMirrored, place: place.get(key),
                stream: isSelf ? own.stream : slot && streamOf(slot.mid),
                isSpeaking: source.kind === 'person' && store.speaker !== null && store.speaker === source.participant,
                isStage: key === stage.key, isPinned: !isSelf && key === stage.pinned, numbers: isSelf || slot ? numbersOf(slot?.mid ?? null) : null,
            });
        }
        this.#order = [...this.#tiles.values()].sort((a, b) => Number(a.element.style.order) - Number(b.element.style.order));
        this.#arrange(stage.layout, capacity);
        this.#rove();
    }

    /** What a person sees now, and how large. @returns {{source: object, height: number, share: number}[]} Height in device pixels. */
    measure() {
        const seen = this.#visibleTiles();
        const visible = new Map(seen.map((each) => [each.tile, each]));
        for (const tile of this.#tiles.values()) tile.height = visible.get(tile)?.height ?? 0;
        return seen.map(({ tile, height, share }) => ({ source: tile.source, height, share }));
    }

    #visibleTiles() {
        if (this.#isAway) return [];
        const frame = this.#list.getBoundingClientRect();
        const seen = [];
        for (const tile of this.#order) {
            const box = tile.element.getBoundingClientRect();
            const width = Math.min(box.right, frame.right) - Math.max(box.left, frame.left);
            const height = Math.min(box.bottom, frame.bottom) - Math.max(box.top, frame.top);
            if (width <= 1 || height <= 1) continue;
            const pixels = Math.ceil(tile.pictureHeight(box) * devicePixelRatio / 10) * 10;
            seen.push({ tile, height: Math.min(pixels, highest), share: width * height / (box.width * box.height) });
        }
        return seen;
    }

    #keep(keys) {
        const wanted = new Set(keys);
        for (const [key, tile] of this.#tiles) {
            if (wanted.has(key)) continue;
            for (const observer of this.#observers) observer.unobserve(tile.element);
            tile.remove();
            this.#tiles.delete(key);
        }
        for (const key of keys) {
            if (this.#tiles.has(key)) continue;
            const tile = new Tile(this.#template, () => this.#pin(key));
            this.#tiles.set(key, tile);
            this.#list.append(tile.element);
            for (const observer of this.#observers) observer.observe(tile.element);
        }
    }

    #arrange(layout, capacity) {
        const width = this.#list.clientWidth - 2 * inset;
        const height = this.#list.clientHeight - 2 * inset;
        const tiles = arrangeTiles(this.#tiles.size, capacity, { width, height, gap });
        this.#columns = layout === 'grid' ? tiles.columns : 1;
        const set = (name, value) => {
            if (this.#list.style.getPropertyValue(name) !== value) this.#list.style.setProperty(name, value);
        };
        set('--tile-width', `${tiles.width}px`);
        set('--aspect', String(tiles.aspect));
        // So narrow that no further column fits into a row.
        const row = tiles.columns * tiles.width + (tiles.columns - 1) * gap;
        set('--side', `${Math.max(inset, Math.floor((this.#list.clientWidth - row) / 2))}px`);
        set('--strip', String(Math.max(1, this.#tiles.size - 1)));
    }

    /** One stop for the Tab key; arrows go from tile to tile. */
    #rove() {
        const buttons = this.#buttons();
        const current = buttons.find((button) => button === document.activeElement) ?? buttons.find((button) => button.tabIndex === 0) ?? buttons[0];
        for (const button of buttons) button.tabIndex = button === current ? 0 : -1;
    }

    #buttons() {
        return this.#order.map((tile) => tile.button).filter((button) => !button.hidden);
    }

    #key(event) {
        if (event.key === 'Escape') {
            this.#pin(null);
            return;
        }
        const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.#columns, ArrowDown: this.#columns, Home: -Infinity, End: Infinity };
        const buttons = this.#buttons();
        const place = buttons.indexOf(document.activeElement);
        if (!(event.key in steps) || place < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const next = buttons[Math.max(0, Math.min(buttons.length - 1, place + steps[event.key]))];
        next.focus();
        this.#rove();
    }

    #hide() {
        clearTimeout(this.#awayTimer);
        if (document.hidden) {
            this.#awayTimer = setTimeout(() => {
                this.#isAway = true;
                this.#looked();
            }, hiddenMilliseconds);
        } else if (this.#isAway) {
            this.#isAway = false;
            this.#looked();
        }
    }
}
