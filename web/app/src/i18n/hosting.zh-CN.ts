const hosting = {
  'allowed.noMic': '主持人已关闭参会者的麦克风。',
  'allowed.noCamera': '主持人已关闭参会者的摄像头。',
  'allowed.noScreen': '主持人已关闭参会者的屏幕共享。',
  'ended.sentAwayText': '“{{room}}”的主持人已将您移出会议。您的摄像头和麦克风已关闭。',
  'breakout.label': '{{title}}（{{room}}）',
  'breakout.menu': '分组讨论',
};

export default hosting;
