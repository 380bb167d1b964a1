const together = {
  'hand.raise': '举手',
  'hand.lower': '放下手',
  'hand.mark': '已举手，第 {{position}} 位',
  'hand.raised': '{{name}} 举手了',
  'hand.raisedMore_other': '{{name}} 和另外 {{count}} 人举手了',
  'reaction.button': '表情回应',
  'reaction.name.thumbs-up': '点赞',
  'reaction.name.clap': '鼓掌',
  'reaction.name.heart': '爱心',
  'reaction.name.laugh': '大笑',
  'reaction.name.surprise': '惊讶',
  'reaction.name.party': '庆祝',
  'reaction.said': '{{name}}：{{reaction}}',
  'reaction.saidMore_other': '{{count}} 个表情回应',
  'unread.personal_other': '其中 {{count}} 条私聊',
  'unread.privateFrom': '{{name}} 发来私聊消息',
  'shortcuts.hand': '举手或放下手',
};

export default together;
