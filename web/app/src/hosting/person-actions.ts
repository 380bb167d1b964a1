import type { RemoteParticipant } from '@kaigi/client';

/** What a host may do with somebody. */
export type PersonAction =
  'mute' | 'cameraOff' | 'stopScreen' | 'lowerHand' | 'makeHost' | 'takeHost' | 'remove';

/** What there is to do with a person, as it is now: nobody's microphone is turned on, so one that is off needs nothing. */
export function actionsFor(
  person: Pick<RemoteParticipant, 'media' | 'hand' | 'host' | 'mediaOnly'>,
): PersonAction[] {
  const { media, hand, host, mediaOnly } = person;
  const actions: PersonAction[] = [];
  if (media.mic) actions.push('mute');
  if (media.camera) actions.push('cameraOff');
  if (media.screen) actions.push('stopScreen');
  if (hand !== undefined) actions.push('lowerHand');
  if (host) actions.push('takeHost');
  else if (!mediaOnly) actions.push('makeHost');
  actions.push('remove');
  return actions;
}
