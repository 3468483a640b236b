/** Something that went wrong, in words for the person in front of the page. */
export class Problem extends Error {
    /**
     * @param {string} title What happened, a short sentence without a full stop.
     * @param {string} advice What it means and what to do.
     * @param {{retry?: boolean, afterSeconds?: number, status?: number}} options Whether trying again by itself can help, and when.
     */
    constructor(title, advice, { retry = false, afterSeconds = 0, status = 0 } = {}) {
        super(title);
        this.title = title;
        this.advice = advice;
        this.retry = retry;
        this.afterSeconds = afterSeconds;
        this.status = status;
    }

    /** The relay did not answer a request at all. */
    static unreachable() {
        return navigator.onLine === false
            ? new Problem('This device is offline', 'The page goes on by itself as soon as there is a network.', { retry: true })
            : new Problem('The relay does not answer',
                'It may be restarting, or the network is down. The page keeps trying and goes on by itself.', { retry: true });
    }

    /** The relay answered, yet no packet gets through. */
    static noMediaPath() {
        return new Problem('No media gets through to the relay',
            'The relay answers, but its UDP port cannot be reached from this network. A firewall or VPN may block it.', { retry: true });
    }

    static connectionLost() {
        return new Problem('The connection to the relay was lost', 'The page keeps trying and goes on by itself.', { retry: true });
    }

    /** Reads an error answer of the relay (RFC 9457 problem details, or anything a proxy in between may send). */
    static async of(response) {
        const { said, type } = await problemDetails(response);
        const status = response.status;
        const afterSeconds = retryAfterSeconds(response);
        switch (status) {
        case 401:
        case 403:
            return new Problem('The relay does not let you in', said || 'This room needs a permission that you do not have.', { status });
        case 404:
            return new Problem('The relay does not know this room', said || 'Check the name of the room.', { status });
        case 409:
            if (type.endsWith('too-many-tracks')) {
                return new Problem('The relay takes fewer tracks', `${said} Fewer slots in the address may help.`.trim(), { status });
            }
            return new Problem('This name is taken', `${said || 'Somebody in this room uses it already.'} Choose another name.`, { status });
        case 429:
        case 503:
            return new Problem('The relay takes nobody in right now', said || 'It is full or about to restart.',
                { status, afterSeconds, retry: true });
        default:
            return status >= 500
                ? new Problem(`The relay has trouble (${status})`, said || 'It answered with an error.', { status, afterSeconds, retry: true })
                : new Problem(`The relay did not accept this (${status})`, said || 'Another video codec under Advanced may help.', { status });
        }
    }

    /** Explains why the camera, the microphone or the screen could not be had. */
    static ofCapture(error, source) {
        const thing = source === 'screen' ? 'screen' : 'camera';
        switch (error.name) {
        case 'NotAllowedError':
        case 'SecurityError':
            return source === 'screen'
                ? new Problem('The screen was not shared', 'Press Publish again and choose a screen, window or tab.')
                : new Problem('Camera or microphone refused',
                    'Allow them for this page, through the icon in the address bar, then press Publish again.');
        case 'NotFoundError':
        case 'OverconstrainedError':
            return new Problem(`No ${thing} found`, source === 'screen'
                ? 'This device offers no screen to share.' : 'Connect a camera and press Publish again, or share your screen instead.');
        case 'NotReadableError':
        case 'AbortError':
            return new Problem(`The ${thing} does not start`, 'Another program may be using it. Close that one and press Publish again.');
        default:
            return new Problem(`The ${thing} could not be opened`, error.message || 'The browser gave no reason.');
        }
    }
}

async function problemDetails(response) {
    if (!/json/.test(response.headers.get('content-type') ?? '')) return { said: '', type: '' };
    try {
        const { title = '', detail = '', type = '' } = await response.json();
        const sentence = String(detail || title).trim().slice(0, 300);
        return { said: !sentence || /[.!?]$/.test(sentence) ? sentence : `${sentence}.`, type: String(type) };
    } catch {
        return { said: '', type: '' };
    }
}

/** `Retry-After` in seconds, 0 when absent or unreadable (RFC 9110 section 10.2.3). */
function retryAfterSeconds(response) {
    const value = response.headers.get('retry-after');
    if (!value) return 0;
    const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
    return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 120) : 0;
}
