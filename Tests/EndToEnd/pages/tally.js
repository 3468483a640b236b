// A worker that reads the number of every frame of a stream. Reading it off the page's own thread gives each frame back
// at once: a camera has few buffers and skips pictures while they are held.
import { readNumber } from './counter.js';

onmessage = async ({ data: readable }) => {
  const frames = readable.getReader();
  for (;;) {
    const { value: frame, done } = await frames.read();
    if (done) return;
    postMessage(readNumber(frame, frame.displayWidth, frame.displayHeight));
    frame.close();
  }
};
