/**
 * What lets this person in where the relay asks for it: a token of the room's controller, which stands behind the address
 * (`#grant=TOKEN`), so that no server on the way sees it.
 *
 * @returns {Record<string, string>} The header fields that carry it; none without a grant.
 */
export function authorization() {
    const grant = new URLSearchParams(location.hash.slice(1)).get('grant');
    return grant ? { Authorization: `Bearer ${grant}` } : {};
}
