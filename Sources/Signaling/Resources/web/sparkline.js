const width = 60;
const height = 20;

/** The last minute of one number as a line, one value a second. */
export class Sparkline {
    #path;
    #values = [];

    /** @param {SVGElement} svg With one `path`, in a box of 60 x 20. */
    constructor(svg) {
        this.#path = svg.querySelector('path');
    }

    add(value) {
        this.#values = [...this.#values, value].slice(-width);
        const highest = Math.max(...this.#values, 1);
        const points = this.#values.map((v, i) =>
            `${width - this.#values.length + i + 1} ${(height - 1 - v / highest * (height - 3)).toFixed(1)}`);
        this.#path.setAttribute('d', points.length > 1 ? `M${points.join('L')}` : '');
    }

    clear() {
        this.#values = [];
        this.#path.setAttribute('d', '');
    }
}
