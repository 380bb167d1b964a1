const en = {
  'talk.label': 'Push to talk',
  'talk.live': 'You are heard. Let go of the space bar to mute.',
  'talk.opening': 'One moment, your microphone is being opened…',
  'hint.muted': 'You are muted',
  'hint.mutedText': 'You are talking, but nobody hears you.',
  'hint.mutedTextKey': 'You are talking, but nobody hears you. Unmute, or hold the space bar while you talk.',
  'hint.silent': 'No sound comes from your microphone',
  'hint.silentText':
    '“{{label}}” delivers nothing at all. Look for a mute switch on it, or in the sound settings of your system.',
  'hint.silentTextUnnamed':
    'It delivers nothing at all. Look for a mute switch on it, or in the sound settings of your system.',
  'hint.useOther': 'Use “{{label}}”',

  'voice.title': 'While talking',
  'voice.pushToTalk': 'Hold space to talk',
  'voice.pushToTalkHint':
    'While you are muted, holding the space bar turns your microphone on. It then stays open for a minute, muted, so that your next first word is not cut off.',
  'voice.mutedHint': 'Tell me when I talk while muted',
  'voice.mutedHintHint':
    'For this your microphone stays open while you are muted, and its light on. Nothing of it leaves this device. Without it, muting closes the microphone.',
  'voice.chimes': 'Sounds when people come and go',
  'voice.chimesHint': 'In meetings of up to eight people.',

  'keys.talking': 'Microphone and camera',
  'keys.meeting': 'Meeting',
  'keys.moving': 'Moving about',
  'keys.space': 'Space',
  'keys.hold': 'Talk while it is held, when you are muted',
  'keys.holdOff': 'Talk while it is held (turned off in the settings)',
  'keys.tab': 'From one button, field or picture to the next; with Shift back',
  'keys.arrows': 'From button to button among the meeting controls',
  'keys.press': 'Press the button that has the focus',
  'keys.send': 'Send what you wrote; with Shift a new line',
};

export default en;
