const en = {
  'picture.title': 'Your picture',
  'picture.height': 'Resolution',
  'picture.heightAuto': 'Automatic',
  'picture.heightOf': '{{width}} × {{height}}',
  'picture.frameRate': 'Pictures a second',
  'picture.frameRateAuto': 'Automatic',
  'picture.frameRateOf': 'at most {{rate}}',
  'picture.limit': 'Send limit',
  'picture.limitNone': 'None',
  'picture.limitHint': 'For pictures only: sound is never held back.',
  'picture.codec': 'Codec',
  'picture.codecAuto': 'Automatic',
  'picture.codecHint': 'For calls of two that go straight. It changes only to what the other side has too.',
  'picture.codecRouted': 'This meeting goes through the server, which takes care of it.',
};

export default en;
