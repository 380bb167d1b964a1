/** Hands, reactions and what is unread. */
const together = {
  'hand.raise': 'Raise hand',
  'hand.lower': 'Lower hand',
  'hand.mark': 'Hand raised, number {{position}}',
  'hand.raised': '{{name}} raised a hand',
  'hand.raisedMore_one': '{{name}} and {{count}} other raised a hand',
  'hand.raisedMore_other': '{{name}} and {{count}} others raised a hand',
  'reaction.button': 'React',
  'reaction.name.thumbs-up': 'Thumbs up',
  'reaction.name.clap': 'Applause',
  'reaction.name.heart': 'Heart',
  'reaction.name.laugh': 'Laughter',
  'reaction.name.surprise': 'Surprise',
  'reaction.name.party': 'Party',
  'reaction.said': '{{name}}: {{reaction}}',
  'reaction.saidMore_one': '{{count}} reaction',
  'reaction.saidMore_other': '{{count}} reactions',
  'unread.personal_one': '{{count}} of them private',
  'unread.personal_other': '{{count}} of them private',
  'unread.privateFrom': 'Private message from {{name}}',
  'shortcuts.hand': 'Raise or lower your hand',
};

export default together;
