const chinese = {
  'picture.title': '您的画面',
  'picture.height': '分辨率',
  'picture.heightAuto': '自动',
  'picture.heightOf': '{{width}}×{{height}}',
  'picture.frameRate': '帧率',
  'picture.frameRateAuto': '自动',
  'picture.frameRateOf': '最高 {{rate}} 帧/秒',
  'picture.limit': '发送上限',
  'picture.limitNone': '不限',
  'picture.limitHint': '只限制画面，声音从不受限。',
  'picture.codec': '编码格式',
  'picture.codecAuto': '自动',
  'picture.codecHint': '用于两人直接通话，只能换成对方也支持的格式。',
  'picture.codecRouted': '此会议经服务器转发，格式由服务器决定。',
};

export default chinese;
