/** Shows how loud a microphone is, so that a person sees it working before anybody complains. */
export class Meter {
    #bar;
    #context = null;
    #frame = 0;

    /** @param {HTMLElement} bar Scaled from 0 to its whole width. */
    constructor(bar) {
        this.#bar = bar;
    }

    start(stream) {
        this.stop();
        if (stream.getAudioTracks().length === 0 || !window.AudioContext) return;
        this.#context = new AudioContext();
        const analyser = this.#context.createAnalyser();
        analyser.fftSize = 512;
        this.#context.createMediaStreamSource(stream).connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        let shown = 0;
        const draw = () => {
            analyser.getFloatTimeDomainData(samples);
            const power = samples.reduce((sum, v) => sum + v * v, 0) / samples.length;
            // -60 dBFS is silence, -12 dBFS a loud voice.
            const level = Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 48));
            shown = Math.max(level, shown * 0.9);
            this.#bar.style.transform = `scaleX(${shown.toFixed(2)})`;
            this.#frame = requestAnimationFrame(draw);
        };
        draw();
    }

    stop() {
        cancelAnimationFrame(this.#frame);
        this.#context?.close();
        this.#context = null;
        this.#bar.style.transform = 'scaleX(0)';
    }
}
