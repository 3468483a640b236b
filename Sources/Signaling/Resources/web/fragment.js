import { Problem } from './problem.js';

/** The lines of our offer that a restart is about (RFC 8840 section 9). */
export function restartFragment(offer) {
    const lines = offer.split(/\r\n|\n/);
    const firstOf = (prefix) => lines.find((line) => line.startsWith(prefix));
    return [
        firstOf('a=ice-options:'), firstOf('a=ice-ufrag:'), firstOf('a=ice-pwd:'),
        firstOf('m='), firstOf('a=mid:'), ...lines.filter((line) => line.startsWith('a=candidate:')),
    ].filter(Boolean).join('\r\n') + '\r\n';
}

/** The relay's earlier answer with the credentials, and the candidates if it names any, of its restart fragment. */
export function restartedAnswer(answer, fragment) {
    const news = fragment.split(/\r\n|\n/);
    const ufrag = news.find((line) => line.startsWith('a=ice-ufrag:'));
    const password = news.find((line) => line.startsWith('a=ice-pwd:'));
    if (!ufrag || !password) throw Problem.connectionLost();
    const candidates = news.filter((line) => line.startsWith('a=candidate:'));
    const lines = [];
    let named = true;
    for (const line of answer.split(/\r\n|\n/)) {
        if (line.startsWith('m=')) named = candidates.length === 0;
        if (line.startsWith('a=ice-ufrag:')) lines.push(ufrag);
        else if (line.startsWith('a=ice-pwd:')) lines.push(password);
        else if (!line.startsWith('a=candidate:') || candidates.length === 0) lines.push(line);
        else if (!named) {
            lines.push(...candidates);
            named = true;
        }
    }
    return lines.join('\r\n');
}
