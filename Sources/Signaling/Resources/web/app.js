import { Notices } from './notices.js';
import { People } from './people.js';
import { Problem } from './problem.js';
import { Room } from './room.js';
import { Saving } from './saving.js';
import { Publisher, offerCodecs } from './whip.js';
import { Watcher } from './whep.js';

// What tests may rely on is listed at the top of index.html.

const $ = (id) => document.getElementById(id);
const page = document.documentElement;
const namePattern = /^[A-Za-z0-9._-]{1,64}$/;

const saving = new Saving();
const room = new Room(render);
const publisher = new Publisher({
    elements: {
        preview: $('preview'), numbers: $('publish-numbers'), level: $('level').firstElementChild, name: $('participant-name'),
        microphone: $('microphone'), codec: $('codec'), maxBitrate: $('max-bitrate'),
    },
    roomName: () => room.name,
    saving,
    changed: render,
});
const watcher = new Watcher({
    elements: { player: $('player'), numbers: $('watch-numbers') },
    roomName: () => room.name,
    saving,
    changed: render,
});
const notices = new Notices($('problem'), $('notice'));
const people = new People($('participants'), (participant) => {
    watcher.choose(participant);
    startWatching();
});
let copyProblem = null;

// ---- The address: room and mode, so that a link says it all ----

function readAddress() {
    const query = new URLSearchParams(location.search);
    const name = query.get('room') ?? '';
    const isWatch = query.has('watch');
    const isPublish = query.has('publish');
    $('room').value = namePattern.test(name) ? name : 'lobby';
    setView(isWatch === isPublish ? 'both' : isWatch ? 'watch' : 'publish');
    const source = query.get('publish') === 'screen' ? 'screen' : 'camera';
    document.querySelector(`[name=source][value=${source}]`).checked = true;
    const participant = query.get('watch') ?? '';
    if (namePattern.test(participant)) watcher.choose(participant);
    room.enter($('room').value);
    if (isWatch) startWatching();
    else if (isPublish) $('publish').focus();
}

function address(view) {
    const link = new URL('/', location.href);
    link.searchParams.set('room', room.name);
    if (view === 'watch') link.searchParams.set('watch', watcher.participant);
    if (view === 'publish') link.searchParams.set('publish', source());
    return link.href;
}

function writeAddress() {
    history.replaceState(null, '', address(page.dataset.view));
}

function setView(view) {
    page.dataset.view = view;
    document.querySelector(`[name=view][value=${view}]`).checked = true;
}

function source() {
    return document.querySelector('[name=source]:checked').value;
}

// ---- What a person does ----

/** Shows or hides the rule for a name; an empty optional name is fine. */
function isValid(input, hint) {
    const isFine = namePattern.test(input.value.trim()) || (!input.required && input.value.trim() === '');
    input.setAttribute('aria-invalid', String(!isFine));
    hint.hidden = isFine;
    return isFine;
}

function enterRoom() {
    const name = $('room').value.trim();
    if (!isValid($('room'), $('room-hint')) || name === room.name) return;
    watcher.choose('');
    room.enter(name);
    writeAddress();
}

function startPublishing() {
    enterRoom();
    if (!isValid($('room'), $('room-hint'))) return $('room').focus();
    if (!isValid($('participant-name'), $('name-hint'))) return $('participant-name').focus();
    publisher.start(source());
}

function startWatching() {
    enterRoom();
    if (!isValid($('room'), $('room-hint'))) return $('room').focus();
    watcher.start({ silently: publisher.has('audio') });
    writeAddress();
}

async function copyLink() {
    const link = address('watch');
    const words = $('copy-link-text');
    try {
        await navigator.clipboard.writeText(link);
        words.textContent = 'Link copied';
        setTimeout(() => { words.textContent = 'Copy watch link'; }, 2000);
    } catch {
        copyProblem = new Problem('The link could not be copied', `Here it is to copy by hand: ${link}`);
        render();
    }
}

function toggleFullScreen() {
    const stage = $('watch-stage');
    if (document.fullscreenElement) document.exitFullscreen();
    else if (stage.requestFullscreen) stage.requestFullscreen().catch(() => {});
    else $('player').webkitEnterFullscreen?.();
}

$('room-form').addEventListener('submit', (event) => { event.preventDefault(); enterRoom(); });
$('room').addEventListener('change', enterRoom);
// A wrong name is pointed out when it is used and forgiven as soon as it is right.
for (const [input, hint] of [[$('room'), $('room-hint')], [$('participant-name'), $('name-hint')]]) {
    input.addEventListener('input', () => { if (!hint.hidden) isValid(input, hint); });
}
$('copy-link').addEventListener('click', copyLink);
$('publish-form').addEventListener('submit', (event) => { event.preventDefault(); startPublishing(); });
$('stop-publish').addEventListener('click', () => publisher.stop());
$('mute-microphone').addEventListener('click', () => publisher.mute('audio', !publisher.isMuted('audio')));
$('mute-picture').addEventListener('click', () => publisher.mute('video', !publisher.isMuted('video')));
$('watch').addEventListener('click', startWatching);
$('stop-watch').addEventListener('click', () => watcher.stop());
$('mute-sound').addEventListener('click', () => watcher.mute(!$('player').muted));
$('save-data').addEventListener('change', () => {
    saving.choose($('save-data').checked);
    // Both sides agree on it when a session is opened.
    for (const session of [publisher.session, watcher.session]) session.renew();
});
$('unmute').addEventListener('click', () => watcher.mute(false));
$('full-screen').addEventListener('click', toggleFullScreen);
$('watch-stage').addEventListener('dblclick', toggleFullScreen);
for (const input of document.querySelectorAll('[name=view]')) {
    input.addEventListener('change', () => { setView(input.value); writeAddress(); });
}
for (const input of document.querySelectorAll('[name=source]')) input.addEventListener('change', writeAddress);

// ---- What happens to the page ----

addEventListener('online', () => { publisher.session.hurry(); watcher.session.hurry(); room.look(); });
addEventListener('pagehide', () => { publisher.stop(); watcher.session.suspend(); });
addEventListener('pageshow', (event) => { if (event.persisted) watcher.session.resume(); });
document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    publisher.session.hurry();
    watcher.session.hurry();
    room.look();
});
setInterval(async () => {
    await Promise.allSettled([publisher.tick(), watcher.tick()]);
    renderPills();
}, 1000);

// ---- What the page shows; written from scratch after every change, touching only what differs ----

function render() {
    page.dataset.publishState = publisher.state;
    page.dataset.watchState = watcher.session.state;
    page.dataset.watchPicture = watcher.picture;
    room.isFollowed = publisher.isActive || watcher.isActive;
    renderPublisher();
    renderWatcher();
    renderPills();
    renderStatus();
    people.show(room.participants, { chosen: watcher.participant, own: publisher.participant, isWatching: watcher.isActive });
    $('nobody').hidden = !$('participants').hidden;
    write($('watchers'), room.watchers > 0 ? `· ${room.watchers} watching` : '');
    notices.show([
        notice(publisher.session), { problem: publisher.remark }, notice(watcher.session), { problem: copyProblem },
    ]);
    $('save-data').checked = saving.isOn;
    $('meet-link').href = `/meet?room=${encodeURIComponent(room.name)}`;
    document.title = `${publisher.state === 'live' ? 'Live in ' : ''}${room.name || 'lobby'} · Relay`;
}

function notice(session) {
    return { problem: session.problem, hurry: session.retryAt > 0 ? () => session.hurry() : null };
}

function renderPublisher() {
    const { isActive, state, stream } = publisher;
    swap($('publish'), $('stop-publish'), isActive, $('publish-choices').contains(document.activeElement));
    $('publish-choices').hidden = isActive;
    $('codec').disabled = isActive;
    $('room').readOnly = isActive || watcher.isActive;
    $('room').title = $('room').readOnly ? 'Stop first to change the room' : '';
    renderToggle($('mute-microphone'), publisher.has('audio'), publisher.isMuted('audio'));
    renderToggle($('mute-picture'), publisher.has('video'), publisher.isMuted('video'));
    const isHidden = publisher.isMuted('video');
    $('publish-curtain').hidden = Boolean(stream) && !isHidden;
    write($('publish-words'), isHidden ? 'Your picture is hidden; the others see black.'
        : publisher.isOpening ? 'Your browser asks for permission. Please allow it.' : 'Your preview appears here.');
    $('publish-numbers').hidden = !isActive || state === 'connecting';
    $('audience').hidden = state !== 'live';
    write($('audience'), room.watchers === 1 ? '1 person watching' : `${room.watchers} watching`);
}

function renderWatcher() {
    const { isActive, session } = watcher;
    swap($('watch'), $('stop-watch'), isActive);
    renderToggle($('mute-sound'), isActive, $('player').muted);
    $('full-screen').hidden = !isActive;
    $('unmute').hidden = !(isActive && watcher.isSilenced && watcher.picture === 'playing');
    $('watch-numbers').hidden = !isActive || session.state === 'connecting';
    $('watch-curtain').hidden = session.state === 'live' && watcher.picture === 'playing' && !watcher.isSoundOnly;
    write($('watch-words'), watchWords());
}

function watchWords() {
    const who = watcher.participant;
    switch (watcher.session.state) {
    case 'connecting': return 'Connecting to the relay…';
    case 'retrying':
        return watcher.session.wasLive ? 'The picture comes back as soon as the relay answers.'
            : 'The picture starts as soon as the relay lets you in.';
    case 'live':
        if (watcher.isSoundOnly) return 'Sound only, no picture.';
        if (watcher.picture === 'playing') return '';
        if (room.hasPublisher(who)) return 'Waiting for picture…';
        return who ? `${who} is not publishing right now. The picture starts by itself.`
            : 'Nobody is publishing right now. The picture starts by itself when somebody does.';
    default: return `Press Watch to see who is live in ${room.name || 'this room'}.`;
    }
}

function renderPills() {
    for (const [kind, session, state] of [['publish', publisher.session, publisher.state], ['watch', watcher.session, watcher.session.state]]) {
        $(`${kind}-pill`).hidden = state === 'idle' || state === 'failed';
        write($(`${kind}-state`), pillWords(kind, session, state));
    }
}

function pillWords(kind, session, state) {
    if (kind === 'publish' && publisher.isOpening) return 'Waiting for permission';
    if (state === 'retrying') return session.retryAt > 0 ? `Trying again in ${secondsUntil(session.retryAt)} s` : 'Trying again…';
    if (state !== 'live') return 'Connecting…';
    if (kind === 'watch' && watcher.picture !== 'playing') return 'Waiting';
    const seconds = Math.floor((Date.now() - session.liveSince) / 1000);
    const twoDigits = (n) => String(n).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    return `Live ${hours > 0 ? `${hours}:${twoDigits(Math.floor(seconds / 60) % 60)}` : Math.floor(seconds / 60)}:${twoDigits(seconds % 60)}`;
}

/** Spoken by screen readers, so only written when something happened; the seconds are counted down in the pills. */
let statusKey = '';
function renderStatus() {
    const key = JSON.stringify([publisher.state, publisher.isOpening, publisher.session.retryAt, watcher.session.state,
        watcher.session.retryAt, watcher.picture, watcher.picture === 'waiting' && watchWords(), room.name]);
    if (key === statusKey) return;
    statusKey = key;
    const words = [
        publisher.state === 'idle' ? '' : `Publishing: ${statusWords(publisher.session, publisher.state, publisher.isOpening)}`,
        watcher.session.state === 'idle' ? '' : `Watching: ${statusWords(watcher.session, watcher.session.state, false)}`,
    ].filter(Boolean);
    write($('status'), words.join(' · ') || 'Ready');
    const states = [publisher.state, watcher.session.state];
    $('status-lamp').dataset.state = ['failed', 'retrying', 'connecting', 'live'].find((s) => states.includes(s)) ?? 'idle';
}

function statusWords(session, state, isOpening) {
    if (isOpening) return 'waiting for your permission';
    switch (state) {
    case 'connecting': return 'Connecting…';
    case 'retrying': {
        const lost = session.wasLive ? 'Connection lost' : session.problem.title;
        return session.retryAt > 0 ? `${lost}, trying again in ${secondsUntil(session.retryAt)} s` : `${lost}, trying again…`;
    }
    case 'failed': return session.problem.title;
    default:
        return session === watcher.session && watcher.picture !== 'playing' ? watchWords().split(/[.…]/)[0] : 'Live';
    }
}

function secondsUntil(time) {
    return Math.max(1, Math.round((time - Date.now()) / 1000));
}

/** One of two buttons is there; the keyboard focus moves along. */
function swap(start, stop, isActive, isNear = false) {
    const hadFocus = (isNear && isActive) || [start, stop].includes(document.activeElement);
    start.hidden = isActive;
    stop.hidden = !isActive;
    if (hadFocus) (isActive ? stop : start).focus();
}

function renderToggle(button, isThere, isPressed) {
    button.hidden = !isThere;
    button.setAttribute('aria-pressed', String(isPressed));
}

function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

offerCodecs($('codec'));
readAddress();
render();
