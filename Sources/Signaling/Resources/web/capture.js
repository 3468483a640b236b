import { Problem } from './problem.js';

/**
 * Opens what a person wants to publish.
 *
 * @param {'camera' | 'screen'} source
 * @param {boolean} withMicrophone
 * @returns {Promise<{stream: MediaStream, remark: Problem | null}>} At most one video and one audio track; a remark says
 *          what is missing although it was asked for.
 * @throws {Problem}
 */
export async function capture(source, withMicrophone) {
    if (!window.isSecureContext || !navigator.mediaDevices) {
        throw new Problem('The browser keeps the camera closed on this page',
            'Cameras and screens are available over https only, or on localhost. Open this page through https.');
    }
    return source === 'screen' ? captureScreen(withMicrophone) : captureCamera(withMicrophone);
}

const voice = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

async function captureCamera(withMicrophone) {
    const video = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    try {
        const stream = await navigator.mediaDevices.getUserMedia({ video, audio: withMicrophone && voice });
        return { stream, remark: null };
    } catch (error) {
        // Browsers do not tell which of two devices is missing: a second request does.
        if (!withMicrophone || error.name !== 'NotFoundError') throw Problem.ofCapture(error, 'camera');
    }
    try {
        return { stream: await navigator.mediaDevices.getUserMedia({ video, audio: false }), remark: noMicrophone() };
    } catch (error) {
        throw Problem.ofCapture(error, 'camera');
    }
}

/** With the microphone where it is wanted, else with the sound of what is shared where the browser offers that. */
async function captureScreen(withMicrophone) {
    if (!navigator.mediaDevices.getDisplayMedia) {
        throw new Problem('This browser cannot share a screen', 'Phones mostly cannot. Publish the camera instead.');
    }
    let stream;
    try {
        stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: !withMicrophone });
    } catch (error) {
        throw Problem.ofCapture(error, 'screen');
    }
    if (!withMicrophone) return { stream, remark: null };
    try {
        const microphone = await navigator.mediaDevices.getUserMedia({ audio: voice });
        for (const track of microphone.getAudioTracks()) stream.addTrack(track);
        return { stream, remark: null };
    } catch {
        return { stream, remark: noMicrophone() };
    }
}

function noMicrophone() {
    return new Problem('You are publishing without sound', 'No microphone could be opened. Connect or allow one, then publish again.');
}
