import { Emitter } from './emitter';
import { ReceiverLevel, SpeakingDetector } from './speaking';

/** One participant's microphone as it is now. */
export interface Listened {
  id: string;
  mic: boolean;
  receiver: Pick<RTCRtpReceiver, 'getSynchronizationSources'> | undefined;
}

/** Who of the others speaks. */
export class RemoteSpeaking extends Emitter<{ change: string }> {
  readonly #voices = new Map<string, { level: ReceiverLevel; detector: SpeakingDetector }>();

  isSpeaking(id: string): boolean {
    return this.#voices.get(id)?.detector.speaking ?? false;
  }

  /** Looks at everyone; to be called about ten times a second. */
  poll(listened: readonly Listened[], now: number): void {
    for (const { id, mic, receiver } of listened) {
      let voice = this.#voices.get(id);
      if (!voice) {
        voice = { level: new ReceiverLevel(), detector: new SpeakingDetector() };
        this.#voices.set(id, voice);
      }
      const { level, detector } = voice;
      const changed =
        mic && receiver ? detector.handleLevel(level.read(receiver, now), now) : detector.silence();
      if (changed) this.emit('change', id);
    }
  }

  forget(id: string): void {
    this.#voices.delete(id);
  }
}
