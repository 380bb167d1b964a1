const chinese = {
  'talk.label': '按住说话',
  'talk.live': '大家正在听您说话，松开空格键即静音。',
  'talk.opening': '正在打开麦克风，请稍等…',
  'hint.muted': '您已静音',
  'hint.mutedText': '您正在说话，但没有人听得到。',
  'hint.mutedTextKey': '您正在说话，但没有人听得到。请取消静音，或按住空格键说话。',
  'hint.silent': '麦克风没有声音',
  'hint.silentText': '“{{label}}”没有传来任何声音。请检查它上面的静音开关，或系统的声音设置。',
  'hint.silentTextUnnamed': '麦克风没有传来任何声音。请检查它上面的静音开关，或系统的声音设置。',
  'hint.useOther': '改用“{{label}}”',

  'voice.title': '发言',
  'voice.pushToTalk': '按住空格键说话',
  'voice.pushToTalkHint':
    '静音时按住空格键，麦克风就会打开。松开后它会保持静音但不关闭一分钟，这样下次开口时第一个字不会丢。',
  'voice.mutedHint': '静音时说话提醒我',
  'voice.mutedHintHint':
    '为此，静音时麦克风仍保持打开，指示灯会亮着，但声音不会离开这台设备。关闭此项后，静音即关闭麦克风。',
  'voice.chimes': '有人进出时播放提示音',
  'voice.chimesHint': '仅在不超过八人的会议中。',

  'keys.talking': '麦克风和摄像头',
  'keys.meeting': '会议',
  'keys.moving': '移动焦点',
  'keys.space': '空格',
  'keys.hold': '静音时按住即可说话',
  'keys.holdOff': '按住即可说话（已在设置中关闭）',
  'keys.tab': '移到下一个按钮、输入框或画面；加 Shift 往回移',
  'keys.arrows': '在会议工具栏的按钮之间移动',
  'keys.press': '按下当前选中的按钮',
  'keys.send': '发送消息；加 Shift 换行',
};

export default chinese;
