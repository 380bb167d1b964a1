import breakouts from '../../breakouts/texts/en';
import commands from '../../chat/commands/texts/en';

const en = {
  'waiting.title': 'Waiting for the host to let you in',
  'waiting.text':
    'The host of “{{room}}” sees that you are here. Once you are let in, you enter by yourself: there is nothing to press.',
  'waiting.leave': 'Leave',
  'turnedAway.title': 'You were not let in',
  'turnedAway.text':
    'The host of “{{room}}” has not let you in. If this is a mistake, tell whoever invited you and ask again.',
  'turnedAway.again': 'Ask again',
  'over.title': 'The meeting has ended',
  'over.text': '“{{room}}” ended before somebody let you in.',

  'knock.label': 'Waiting to be let in',
  'knock.names_one': '{{names}} waits to be let in.',
  'knock.names_other': '{{names}} wait to be let in.',
  'knock.more': '{{names}} and {{number}} more wait to be let in.',
  'knock.admit': 'Let in',
  'knock.admitName': 'Let {{name}} in',
  'knock.refuse': 'Refuse',
  'knock.refuseName': 'Refuse {{name}}',
  'knock.admitAll': 'Let all in',
  'knock.show': 'Show',
  'knock.again': 'You are waiting to be let in again.',

  'people.search': 'Search participants',
  'people.none': 'Nobody is called like that.',
  'people.muteAll': 'Mute all',
  'people.muteAllHint': 'Turns off the microphones of all who are not hosts. They may turn them on again.',
  'people.mutedAll': 'All microphones but those of hosts are off now',
  'people.hand': 'Hand raised, number {{number}}',
  'people.actions': 'Actions for {{name}}',

  'person.mute': 'Mute microphone',
  'person.cameraOff': 'Turn off camera',
  'person.stopScreen': 'Stop screen share',
  'person.lowerHand': 'Lower hand',
  'person.makeHost': 'Make host',
  'person.takeHost': 'Take host role back',
  'person.remove': 'Remove…',

  'remove.title': 'Remove {{name}}?',
  'remove.text': 'Removed, they leave the meeting at once, and may come back with the link.',
  'remove.ban': 'Do not let them come back',
  'remove.banHint': 'They cannot come in again as long as this meeting is open.',
  'remove.confirm': 'Remove',
  'remove.confirmBan': 'Remove and ban',

  'room.waiting': 'Waiting room',
  'room.waitingHint': 'Whoever comes waits until a host lets them in.',
  'room.allowed': 'Participants may',
  'may.mic': 'Turn on the microphone',
  'may.camera': 'Turn on the camera',
  'may.screen': 'Share the screen',
  'may.chat': 'Write in the chat',
  'may.files': 'Send files',

  'told.mutedMic': '{{name}} has muted your microphone',
  'told.mutedCamera': '{{name}} has turned off your camera',
  'told.mutedScreen': '{{name}} has stopped your screen share',
  'told.aHost': 'The host',
  'told.theApplication': 'The organizer',
  'told.mayAgain': 'You can turn it on again yourself.',
  'told.host': 'You are a host now',
  'told.hostText':
    'The list of participants and the menu “More” hold what hosts can do. Type /help in the chat for commands.',
  'told.noHost': 'You are not a host any more',
  'told.on.mic': 'You may turn on your microphone again',
  'told.on.camera': 'You may turn on your camera again',
  'told.on.screen': 'You may share your screen again',
  'told.on.chat': 'You may write in the chat again',
  'told.on.files': 'You may send files again',
  'told.off.mic': 'The host has turned off microphones for participants',
  'told.off.camera': 'The host has turned off cameras for participants',
  'told.off.screen': 'The host has turned off screen sharing for participants',
  'told.off.chat': 'The host has turned off the chat for participants',
  'told.off.files': 'The host has turned off sending files for participants',

  'refused.title': 'That was not done',
  'refused.notHost':
    'Only a host can do this, and the last host has to stay one: make somebody else a host first.',
  'refused.gone': 'They are not in this room any more.',
  'refused.notFound': 'They are not there any more.',
  'refused.notAllowed': 'The host does not allow this at the moment.',
  'refused.badRequest': 'The server does not take it like this. Check what you have entered and try again.',

  ...commands,
  ...breakouts,
};

export default en;
