// Reads the number that a clip of counter_clip.py carries in its top third. The layout is described there.
const CELLS = 16;
const SAMPLES = 4;

const canvas = new OffscreenCanvas(CELLS * SAMPLES, 2 * SAMPLES);
const context = canvas.getContext('2d', { willReadFrequently: true });

// `source` is a VideoFrame or a playing video element; null when the picture cannot be trusted.
export function readNumber(source, width, height) {
  context.drawImage(source, 0, 0, width, height / 3, 0, 0, canvas.width, canvas.height);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const brightness = (column, row) => {
    const x = column * SAMPLES + SAMPLES / 2;
    const y = row * SAMPLES + SAMPLES / 2;
    return pixels[4 * (y * canvas.width + x) + 1];
  };
  let number = 0;
  let ones = 0;
  for (let column = 0; column < CELLS; column += 1) {
    const difference = brightness(column, 0) - brightness(column, 1);
    if (Math.abs(difference) < 60) return null;
    const bit = difference > 0 ? 1 : 0;
    if (column < 2) {
      if (bit !== 1 - column) return null;
    } else if (column < CELLS - 1) {
      number = (number << 1) | (bit ^ (number & 1));
      ones += bit;
    } else if (bit !== ones % 2) {
      return null;
    }
  }
  return number;
}

// Collects the number of every frame of a track as the decoder (or the camera) hands it out. Unlike
// requestVideoFrameCallback this does not depend on when the page is painted.
export function tally(track, numbers) {
  const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: 30 });
  const worker = new Worker('tally.js', { type: 'module' });
  worker.onmessage = ({ data: number }) => numbers.push(number);
  worker.postMessage(readable, [readable]);
}

// The same from a playing element, for browsers without MediaStreamTrackProcessor.
export function tallyPainted(video, numbers) {
  video.requestVideoFrameCallback(() => {
    numbers.push(readNumber(video, video.videoWidth, video.videoHeight));
    tallyPainted(video, numbers);
  });
}
