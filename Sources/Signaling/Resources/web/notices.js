/** The words above the panels about what went wrong, each said once however many sessions it concerns. */
export class Notices {
    #container;
    #template;
    #dismissed = new WeakSet();
    #shown = '';

    /**
     * @param {HTMLElement} container A region with `role="alert"`; touched only when its words change.
     * @param {HTMLTemplateElement} template
     */
    constructor(container, template) {
        this.#template = template;
        this.#container = container;
    }

    /** @param {{problem: import('./problem.js').Problem | null, hurry?: (() => void) | null}[]} entries */
    show(entries) {
        const byTitle = new Map();
        for (const { problem, hurry } of entries) {
            if (!problem || this.#dismissed.has(problem)) continue;
            const known = byTitle.get(problem.title) ?? { problem, problems: [], hurries: [] };
            known.problems.push(problem);
            if (hurry) known.hurries.push(hurry);
            byTitle.set(problem.title, known);
        }
        const key = JSON.stringify([...byTitle.values()].map(({ problem, hurries }) => [problem.title, problem.advice, hurries.length > 0]));
        if (key === this.#shown) return;
        this.#shown = key;
        this.#container.replaceChildren(...[...byTitle.values()].map((notice) => this.#notice(notice, () => this.show(entries))));
    }

    #notice({ problem, problems, hurries }, refresh) {
        const notice = this.#template.content.firstElementChild.cloneNode(true);
        notice.querySelector('strong').textContent = problem.title;
        notice.querySelector('span').textContent = problem.advice;
        const again = notice.querySelector('.again');
        const dismiss = notice.querySelector('.dismiss');
        again.hidden = hurries.length === 0;
        dismiss.hidden = problem.retry;
        again.addEventListener('click', () => { for (const hurry of hurries) hurry(); });
        dismiss.addEventListener('click', () => {
            for (const each of problems) this.#dismissed.add(each);
            refresh();
        });
        return notice;
    }
}
