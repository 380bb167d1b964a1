/** What hosts decide, as far as the first load needs it; the rest is in `hosting/texts`. */
const hosting = {
  'allowed.noMic': 'The host has turned off microphones for participants.',
  'allowed.noCamera': 'The host has turned off cameras for participants.',
  'allowed.noScreen': 'The host has turned off screen sharing for participants.',
  'ended.sentAwayText': 'The host of “{{room}}” has sent you away. Camera and microphone are off.',
  'breakout.label': '{{title}} · {{room}}',
  'breakout.menu': 'Breakout rooms',
};

export default hosting;
