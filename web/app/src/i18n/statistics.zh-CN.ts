const chinese = {
  'statistics.title': '统计信息',
  'statistics.shortcut': '打开或关闭统计信息',
  'sendLimit.bandwidthTitle': '您的网络较慢',
  'sendLimit.smaller': '已缩小您发送的画面，以保证声音清晰。',
  'sendLimit.stopped': '暂不发送您的画面，以保证声音清晰。',
  'sendLimit.cpuTitle': '您的设备比较繁忙',
  'sendLimit.cpuText': '已缩小您发送的画面。关闭其他程序会有帮助。',
  'sendLimit.overTitle': '您的画面已恢复正常发送',
};

export default chinese;
