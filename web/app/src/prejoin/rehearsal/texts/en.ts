const en = {
  'rehearsal.title': 'How you look and sound',
  'rehearsal.text':
    'Records three seconds and plays them to you on your speaker. The recording stays in this page and is gone when you close it.',
  'rehearsal.record': 'Record',
  'rehearsal.again': 'Record again',
  'rehearsal.stop': 'Stop',
  'rehearsal.done': 'Done',
  'rehearsal.recording': 'Recording',
  'rehearsal.speak': 'Say a few words now.',
  'rehearsal.silentPicture': 'Your microphone is off: only the picture is recorded.',
  'rehearsal.micOff': 'Your microphone is off: only the picture will be recorded.',
  'rehearsal.bothOff':
    'Microphone and camera are off. Close this, turn on what you would like to test, and come back.',
  'rehearsal.thisIsYou': 'This is how the others will see and hear you.',
  'rehearsal.thisIsYourVoice': 'This is how the others will hear you.',
  'rehearsal.playback': 'Your recording',
  'rehearsal.playing': 'Your recording is being played',
  'rehearsal.played': 'Your recording',
  'rehearsal.playAgain': 'Play again',
  'rehearsal.stopPlaying': 'Stop playing',
  'rehearsal.blocked': 'The browser holds it back: press play.',
  'rehearsal.unheard': 'No voice was heard.',
  'rehearsal.unheardText':
    'Look for a mute switch on your microphone, come closer, or choose another one, then record again.',
  'rehearsal.unsupported': 'This browser cannot record.',
  'rehearsal.unsupportedText': 'You can join all the same: the bars above move when your microphone works.',
  'rehearsal.failed': 'The recording failed.',
  'rehearsal.failedText': 'Record again; if it fails once more, unplug the device and plug it in again.',
};

export default en;
