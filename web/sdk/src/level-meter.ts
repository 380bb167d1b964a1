import { Emitter } from './emitter';
import { toDecibel, toLevel } from './level';

const PERIOD_MS = 50;
/** 43 ms at 48 kHz: about one period, so that no syllable falls between two readings. */
const SAMPLES = 2048;

/** What a microphone delivers just now. */
export interface Reading {
  decibel: number;
  /** Every sample is zero: no room is as quiet as that. */
  digitalSilence: boolean;
}

export interface LevelMeterEvents {
  level: number;
  /** Comes with each level that is known: not while the browser holds audio back. */
  reading: Reading;
}

/**
 * Measures a microphone's level. An AnalyserNode, not a worklet: a worklet's module would need a relaxed
 * script-src in the page's policy, for no gain at 20 readings a second.
 */
export class LevelMeter extends Emitter<LevelMeterEvents> {
  #context: AudioContext | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Measures this track from now on, or none. */
  setTrack(track: MediaStreamTrack | undefined): void {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    this.#source = undefined;
    if (!track) {
      this.emit('level', 0);
      // A running context keeps the audio hardware awake.
      void this.#context?.suspend().catch(() => undefined);
      return;
    }
    if (typeof AudioContext === 'undefined') return;
    const context = (this.#context ??= new AudioContext());
    this.#wake(context);
    const analyser = context.createAnalyser();
    analyser.fftSize = SAMPLES;
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(analyser);
    const samples = new Float32Array(SAMPLES);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      const decibel = toDecibel(Math.sqrt(sum / SAMPLES));
      this.emit('level', toLevel(decibel));
      // A context that the browser holds back measures nothing, which is not silence; a muted track is.
      if (context.state === 'running' || track.muted)
        this.emit('reading', { decibel, digitalSilence: track.muted || sum === 0 });
    }, PERIOD_MS);
  }

  close(): void {
    this.setTrack(undefined);
    this.clear();
    void this.#context?.close().catch(() => undefined);
    this.#context = undefined;
  }

  /** Browsers start audio only after the user has touched the page; before, the meter stands still. */
  #wake(context: AudioContext): void {
    void context.resume().catch(() => undefined);
    if (context.state === 'running') return;
    const events = ['pointerdown', 'keydown'] as const;
    const wake = () => {
      if (this.#source) void context.resume().catch(() => undefined);
      for (const event of events) removeEventListener(event, wake, true);
    };
    for (const event of events) addEventListener(event, wake, true);
  }
}
