import { Conference } from './conference.js';
import { Grid } from './grid.js';
import { Herald } from './herald.js';
import { Lobby } from './lobby.js';
import { Meter } from './meter.js';
import { Notices } from './notices.js';
import { Problem } from './problem.js';
import { Quality, networkWords } from './quality.js';
import { Saving } from './saving.js';
import { Stage } from './stage.js';
import { sources } from './store.js';
import { Wake } from './wake.js';
import { Wire, wireHint } from './wire.js';

// What tests may rely on is listed at the top of meet.html.

const $ = (id) => document.getElementById(id);
const page = document.documentElement;
const query = new URLSearchParams(location.search);
const isSmall = Math.min(screen.width, screen.height) < 600;

const wishes = {
    room: '', name: '',
    // One large picture and up to eleven small ones; a phone has room for less.
    slots: number('slots', isSmall ? 8 : 12, 1, 49), voices: number('voices', 3, 1, 16), layers: number('layers', 0, 1, 3),
};
const lobby = new Lobby({ size: cameraSize(), join, changed });
const { devices } = lobby;
const saving = new Saving(query.get('profile') ?? '');
const conference = new Conference({ wishes, devices, saving, changed });
const stage = new Stage();
const quality = new Quality();
const wire = new Wire();
const grid = new Grid({
    list: $('grid'), template: $('tile'), looked: changed,
    pin: (key) => { if (key !== '') stage.pin(key); changed(); },
});
const herald = new Herald(changed);
const notices = new Notices($('problem'), $('notice'));
const wake = new Wake();
const lobbyMeter = new Meter($('level'));
const callMeter = new Meter($('call-level'));
/** `lobby`, `left`, or `call` while the session says how it goes. */
let place = 'lobby';
let remark = null;

// ---- The address ----

function number(name, usual, lowest, highest) {
    const value = Number(query.get(name) ?? NaN);
    return Number.isInteger(value) ? Math.min(Math.max(value, lowest), highest) : usual;
}

function cameraSize() {
    const [, width, height] = query.get('camera')?.match(/^(\d{2,4})x(\d{2,4})$/) ?? [];
    return width ? { width: Number(width), height: Number(height) } : isSmall ? { width: 960, height: 540 } : { width: 1280, height: 720 };
}

function joinLink() {
    const link = new URL('/meet', location.href);
    link.searchParams.set('room', lobby.room);
    return link.href;
}

// ---- What a person does ----

async function join() {
    if (place === 'call') return;
    if (!lobby.isComplete()) return;
    place = 'call';
    remark = null;
    herald.forget();
    wishes.room = lobby.room;
    wishes.name = lobby.name;
    conference.store.participant = '';
    conference.store.participants.clear();
    conference.store.heard = [];
    const link = new URL(location.href);
    link.searchParams.set('room', wishes.room);
    history.replaceState(null, '', link);
    changed();
    if (!devices.stream && !devices.isOpening) lobby.open();
    await devices.ready;
    if (place !== 'call') return;
    conference.muted = { microphone: lobby.isMuted, camera: false };
    conference.join();
    $('main').focus();
}

function leave() {
    if (place !== 'call') return;
    place = 'left';
    conference.leave();
    devices.close();
    stage.choose('grid');
    changed();
    $('join').focus();
}

async function share() {
    remark = null;
    try {
        if (conference.screen) conference.stopSharing();
        else await conference.share();
    } catch (error) {
        remark = error instanceof Problem ? error : Problem.ofCapture(error, 'screen');
    }
    changed();
}

function saveData(isOn) {
    saving.choose(isOn);
    if (place === 'call') conference.applySaving();
    changed();
}

async function copyLink() {
    try {
        await navigator.clipboard.writeText(joinLink());
        write($('copy-link-text'), 'Link copied');
        herald.tell('Link copied');
        setTimeout(() => { write($('copy-link-text'), 'Copy join link'); }, 2000);
    } catch {
        remark = new Problem('The link could not be copied', `Here it is to copy by hand: ${joinLink()}`);
    }
    changed();
}

$('mute-microphone').addEventListener('click', () => conference.mute('microphone', !conference.muted.microphone));
$('mute-camera').addEventListener('click', () => conference.mute('camera', !conference.muted.camera));
$('share').addEventListener('click', share);
$('save-data').addEventListener('click', () => saveData(!saving.isOn));
$('lobby-saving').addEventListener('change', () => saveData($('lobby-saving').checked));
$('layout').addEventListener('click', () => { stage.choose(stage.layout === 'grid' ? 'speaker' : 'grid'); changed(); });
$('copy-link').addEventListener('click', copyLink);
$('leave').addEventListener('click', leave);
$('unmute').addEventListener('click', () => conference.voices.resume());
$('grid').addEventListener('scroll', () => look(), { passive: true });

// ---- What happens to the page ----

addEventListener('online', () => conference.session.hurry());
addEventListener('pagehide', leave);
document.addEventListener('visibilitychange', () => { if (!document.hidden) conference.session.hurry(); });
setInterval(async () => {
    const { connection, state } = conference.session;
    if (state === 'live' && connection) {
        const report = await connection.getStats().catch(() => null);
        if (report && connection === conference.session.connection) {
            quality.read(report, conference.midsByTrack);
            wire.read(report);
        }
    }
    changed();
}, 1000);

/** Renders once for whatever happens now. By a timer, because a page out of sight gets no animation frames. */
let renderTimer = 0;
function changed() {
    renderTimer ||= setTimeout(() => {
        renderTimer = 0;
        render();
    });
}

// ---- What the page shows; written from scratch after every change, touching only what differs ----

function state() {
    if (place !== 'call') return place;
    return { idle: 'joining', connecting: 'joining' }[conference.session.state] ?? conference.session.state;
}

function render() {
    const { session, store } = conference;
    // When the relay says no for good, the person is back in the lobby and reads why.
    if (place === 'call' && session.state === 'failed') conference.stopSharing();
    const now = state();
    const isCall = now === 'joining' || now === 'live' || now === 'retrying';
    if (!isCall) quality.clear();
    if (now !== 'live') wire.pause();
    $('lobby-saving').checked = saving.isOn;
    wake.isWanted = isCall;
    $('lobby').hidden = isCall;
    $('call').hidden = !isCall;
    if (isCall) renderCall();
    else lobby.show(now === 'left');
    meter(isCall ? callMeter : lobbyMeter, isCall ? lobbyMeter : callMeter);
    setPage({
        meetState: now, participants: String(isCall && store.isKnown ? store.participants.size + 1 : 0), participant: isCall ? store.participant : '',
        profile: (isCall && store.profile?.profile) || '', profileReason: (isCall && store.profile?.reason) || '',
        speaker: (isCall && store.speaker) || '', layout: stage.layout, stage: (isCall && stage.key) || '',
    });
    renderStatus(now);
    notices.show([
        { problem: session.problem, hurry: session.retryAt > 0 ? () => session.hurry() : null }, { problem: remark }, { problem: devices.remark },
    ]);
    if (now === 'failed') place = place === 'call' ? 'failed' : place;
}

function renderCall() {
    const { store, session, muted } = conference;
    const everything = sources(store.participants.values());
    stage.look(everything, store.heard);
    const own = { stream: devices.track('video') ? devices.stream : null, isMirrored: lobby.isMirrored };
    page.dataset.layout = stage.layout;
    $('grid').style.setProperty('--view-height', `${$('grid').clientHeight}px`);
    $('grid').style.setProperty('--view-width', `${$('grid').clientWidth}px`);
    grid.show({
        self: {
            key: '', participant: store.participant, track: '', kind: 'person', hasVideo: Boolean(own.stream), isConnected: true,
            isHidden: muted.camera || !own.stream, isSilent: muted.microphone || !devices.track('audio'),
        },
        sources: everything, stage, store, own,
        capacity: everything.length === wishes.slots ? wishes.slots + 1 : wishes.slots,
        streamOf: (mid) => session.liveSince > 0 ? conference.stream(mid) : null,
        numbersOf: (mid) => mid === null ? quality.own : quality.slots.get(mid) ?? null,
    });
    look();
    renderToggle($('mute-microphone'), muted.microphone, devices.track('audio'));
    renderToggle($('mute-camera'), muted.camera, devices.track('video'));
    renderToggle($('share'), Boolean(conference.screen), navigator.mediaDevices?.getDisplayMedia);
    renderToggle($('save-data'), saving.isOn, true);
    renderToggle($('layout'), stage.layout === 'speaker', true);
    $('unmute').hidden = !conference.voices.isBlocked;
}

/** Tells the conference what a person can see. */
function look() {
    const { store } = conference;
    const rank = ({ source, share }) => [
        source.key === stage.key, source.kind === 'screen', source.participant === store.speaker, share > 0.5,
        store.heard.includes(source.key), share,
    ];
    const compare = (a, b) => {
        const [left, right] = [rank(a), rank(b)];
        const differing = left.findIndex((value, index) => value !== right[index]);
        return differing < 0 ? 0 : Number(right[differing]) - Number(left[differing]);
    };
    const wanted = grid.measure()
        .filter(({ source }) => source.key !== '' && source.hasVideo && !source.isHidden && source.isConnected).sort(compare)
        .map(({ source: { key, participant, track }, height }) => ({ key, participant, track, height }));
    if (store.profile?.profile === '3g') return lookAtOne(wanted);
    conference.show(wanted, stage.isFollowing && store.heard[0] === stage.key ? stage.key : null);
}

/** On a link that takes one picture it is the one that was chosen, else a shared screen that is large, else that of who speaks. */
function lookAtOne(wanted) {
    const { store } = conference;
    const find = (key) => wanted.find((source) => source.key === key);
    const chosen = find(stage.pinned) ?? (stage.isFollowing ? undefined : find(stage.key));
    const speaking = find(store.heard.find(find)) ?? wanted[0];
    const one = chosen ?? speaking;
    // Who speaks is the relay's to follow.
    conference.show(one ? [one] : [], chosen ? null : one?.key ?? null);
}

function renderStatus(now) {
    const { session, store } = conference;
    const count = store.participants.size + 1;
    write($('title'), now === 'lobby' || now === 'left' ? 'Conference' : wishes.room);
    document.title = `${now === 'live' ? `${wishes.room} (${count})` : lobby.room || 'Conference'} · Relay`;
    $('status-lamp').dataset.state = { joining: 'connecting', lobby: 'idle', left: 'idle' }[now] ?? now;
    $('status-lamp').hidden = now === 'lobby';
    $('network').hidden = now !== 'live';
    const starved = [...store.slots.values()].filter((slot) => slot.state === 'starved').length;
    const network = networkWords({ roundTrip: quality.roundTrip, loss: quality.loss, bitsPerSecond: store.bitsPerSecond, starved });
    if ($('network').dataset.level !== network.level) $('network').dataset.level = network.level;
    write($('network-text'), network.text);
    $('network').title = `Network: ${network.text}`;
    renderWire(now);
    $('home').href = `/?room=${encodeURIComponent(lobby.room)}`;
    write($('status'), herald.words(now, { isOpening: devices.isOpening, problem: session.problem, store }));
}

/** Which profile is served and why, and what it takes. */
function renderWire(now) {
    const words = saving.words(conference.store.profile);
    $('wire').hidden = now !== 'live';
    write($('wire-profile'), words);
    write($('wire-text'), wire.words);
    const hint = [words, wireHint].filter(Boolean).join('. ');
    if ($('wire').title !== hint) $('wire').title = hint;
    Object.assign($('wire').dataset, { rate: String(Math.round(wire.bitsPerSecond)), bytes: String(Math.round(wire.bytes)) });
    herald.tellOnce(now === 'live' ? words : '');
}

let metered = null;
function meter(shown, other) {
    const track = devices.track('audio');
    const key = track && `${track.id} ${shown === callMeter}`;
    if (key === metered) return;
    metered = key;
    other.stop();
    if (track) shown.start(devices.stream);
    else shown.stop();
}

function renderToggle(button, isPressed, isThere) {
    button.hidden = !isThere;
    const pressed = String(isPressed);
    if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed);
}

function setPage(values) {
    for (const [name, value] of Object.entries(values)) {
        if (page.dataset[name] !== value) page.dataset[name] = value;
    }
}

function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

function start() {
    lobby.read(query);
    lobby.open();
    // A link must not switch on anybody's camera: only a browser that a program drives joins without being asked.
    if (query.get('join') === '1' && navigator.webdriver) join();
    else lobby.focus();
    changed();
}

start();
