const en = {
  'test.title': 'Connection test',
  'test.lead':
    'Finds out step by step whether calls work from here. Takes about 15 seconds and transfers up to 40 MB.',
  'test.result': 'Result',
  'test.progress': 'Progress of the test',
  'test.stop': 'Stop',
  'test.again': 'Test again',
  'test.server': 'Tested server: {{host}}, port {{port}}',
  'test.copy': 'Copy',
  'test.copied': 'Copied',

  'state.waiting': 'Waiting',
  'state.running': 'Testing…',
  'state.ok': 'OK',
  'state.warning': 'Warning',
  'state.failed': 'Failed',
  'state.skipped': 'Not tested',

  'verdict.running': 'Testing your connection…',
  'verdict.runningText': 'You can go on looking at this page; results appear as they come.',
  'verdict.udp': 'Calls work from here, directly over UDP.',
  'verdict.udpText':
    'This is the best case. Where the other side’s network allows no direct path, the server passes the call on.',
  'verdict.direct-only': 'Calls work from here with some people only.',
  'verdict.direct-onlyText':
    'UDP gets through, but the server relays nothing for you. Calls with people in strict networks will not connect.',
  'verdict.tcp': 'Calls work from here, through the server over TCP.',
  'verdict.tcpText':
    'UDP does not get through. Over TCP there is more delay, and pictures may stutter when the line is busy.',
  'verdict.tls': 'Calls work from here, through the server over TLS.',
  'verdict.tlsText':
    'Nothing else gets through. There is more delay, and pictures may stutter when the line is busy.',
  'verdict.poor': 'Calls connect from here, but the connection is poor.',
  'verdict.poorText':
    'What is wrong stands below. Often it helps to sit closer to the Wi-Fi, to use a cable, or to pause downloads and a VPN.',
  'verdict.none': 'Calls do not connect from here.',
  'verdict.noneText':
    'The server answers and the chat works, but neither UDP nor TCP gets through for picture and sound. Another network, such as your phone’s, may help at once.',
  'verdict.forbidden': 'This browser forbids calls.',
  'verdict.forbiddenText':
    'A setting, an extension or your organization keeps pages from sending picture and sound. Another browser may help at once.',
  'verdict.unsupported': 'Calls do not work on this page.',
  'verdict.unsupportedText': 'The first step below says why, and what to do.',
  'verdict.server-unreachable': 'The server does not answer.',
  'verdict.server-unreachableText':
    'Check your network. If others have the same trouble, the server may be restarting: test again in a moment.',
  'verdict.server-gone': 'The server stopped answering during the test.',
  'verdict.server-goneText': 'It may be restarting, or your network broke off. Test again in a moment.',
  'verdict.untested': 'Picture and sound could not be tested.',
  'verdict.untestedText': 'The server answers, but it gave no access to its relay. The steps below say why.',
  'verdict.stopped': 'The test was stopped.',
  'verdict.stoppedText': 'What was found until then stands below.',

  'group.page': 'This page',
  'group.server': 'Connection to the server',
  'group.media': 'Ways for picture and sound',
  'group.relay': 'Quality through the server',

  'step.page': 'Secure page',
  'step.devices': 'Camera and microphone',
  'step.websocket': 'WebSocket',
  'step.polling': 'Long polling',
  'step.stun': 'STUN over UDP',
  'step.turn-udp': 'TURN over UDP',
  'step.turn-tcp': 'TURN over TCP',
  'step.turn-tls': 'TURN over TLS',
  'step.relay-udp': 'Relay over UDP',
  'step.relay-tcp': 'Relay over TCP',
  'step.relay-tls': 'Relay over TLS',

  'what.page': 'Needed for camera and microphone',
  'what.devices': 'What this browser finds and may use',
  'what.websocket': 'Joining and chat',
  'what.polling': 'What takes over where WebSocket is blocked',
  'what.stun': 'Direct calls',
  'what.turn-udp': 'Calls through the server',
  'what.turn-tcp': 'Where UDP is blocked',
  'what.turn-tls': 'Where only encrypted web traffic passes',
  'what.relay-udp': 'At the rate of a call, then as fast as it goes',
  'what.relay-tcp': 'At the rate of a call, then as fast as it goes',
  'what.relay-tls': 'At the rate of a call, then as fast as it goes',

  'found.trusted': 'Encrypted, with a certificate this browser trusts',
  'found.secure': 'Encrypted',
  'found.devices': 'Microphones: {{microphones}}, cameras: {{cameras}}',
  'found.answer': 'Answers in {{milliseconds}} ms',
  'found.address': 'Your address as the server sees it: {{addresses}}',
  'found.ownAddress': 'The server sees this device’s own address: no NAT is between',
  'found.needs': 'Needs {{step}}',
  'found.relay': 'Relay address {{relays}}, after {{milliseconds}} ms',
  'found.roundTrip': 'Round trip',
  'found.milliseconds': '{{milliseconds}} ms',
  'found.jitter': 'Jitter',
  'found.loss': 'Loss',
  'found.bitrate': 'Throughput',
  'found.atLeast': '> {{bitrate}}',

  'problem.same': 'For the same reason as above.',
  'problem.insecure-page':
    'This page was not opened over https, so the browser gives it neither camera nor microphone. Open the same address with https:// in front.',
  'problem.no-webrtc':
    'This browser cannot hold calls, or WebRTC is switched off in it. Use a current Chrome, Edge, Firefox or Safari.',
  'problem.certificate-not-trusted':
    'It seems that this browser does not trust the server’s certificate and that you went on past the warning. Calls work, but the last way out of strict networks does not.',
  'problem.no-devices': 'Neither a microphone nor a camera was found. You can join, listen and write.',
  'problem.no-microphone': 'No microphone was found. Others will not hear you until you plug one in.',
  'problem.no-camera': 'No camera was found. Others will see your initials instead.',
  'problem.devices-denied': 'This page may not use the camera or the microphone: you, or a setting, said no.',
  'problem.server-unreachable': 'The server does not answer.',
  'problem.server-gone': 'The server stopped answering.',
  'problem.websocket-blocked':
    'Your network blocks WebSocket. Meetings use long polling instead; joining and chat are a little slower.',
  'problem.websocket-cut':
    'Your network cuts WebSocket connections after a moment. Meetings reconnect by themselves, but chat and joining will be slow.',
  'problem.polling-blocked': 'Long polling did not work. It is not needed as long as WebSocket does.',
  'problem.udp-blocked': 'Your network blocks UDP to port {{port}} of the server.',
  'problem.udp-blocked-tcp':
    'Your network blocks UDP to port {{port}}; calls work over TCP, with more delay.',
  'problem.udp-forbidden':
    'Your browser lets no page use UDP: a setting, an extension or your organization forbids it. The network was not even tried.',
  'problem.webrtc-forbidden':
    'Your browser does not even look for a way for picture and sound: a setting, an extension or your organization forbids it. The network was not tried.',
  'problem.turn-blocked':
    'STUN gets through to port {{port}}, TURN on the same port does not. A firewall seems to filter it out.',
  'problem.tcp-blocked':
    'Your network blocks TURN over TCP to port {{port}}, though web pages get through: a firewall or proxy looks into the connection.',
  'problem.tls-blocked':
    'Nothing but web pages gets through, encrypted or not: your network inspects encrypted connections, or this browser does not trust the server’s certificate.',
  'problem.tls-not-trusted':
    'This browser does not trust the server’s certificate. For a page you can go on past the warning; for TURN over TLS browsers allow no such exception.',
  'problem.tls-at-proxy':
    'A reverse proxy stands before this server and does the encryption; it does not carry TURN.',
  'problem.turn-refused': 'The server answers but refuses to relay. Tell whoever runs it.',
  'problem.cookies-blocked':
    'The browser sent no cookie along, which the server asks for before it relays. Allow cookies for this page and reload it.',
  'problem.too-many-tests': 'Too many tests from your network just now. Wait a minute, then test again.',
  'problem.no-credential': 'The server gave no access to its relay. Tell whoever runs it.',
  'problem.relay-silent': 'The relay was set up, but nothing came through it.',
  'problem.interrupted': 'Data came through for a moment, and then no more.',
  'problem.lossy': '{{loss}} of the packets were lost. Pictures will freeze and voices break up.',
  'problem.slow': 'Too slow for a good picture, which needs 2.5 Mbit/s each way.',
  'problem.delayed': 'So long a way makes people talk into each other’s words.',
  'problem.device-busy':
    'This device was too busy to measure well, so the figures are worse than the network. Calls may stutter for the same reason: close what you do not need.',
  'problem.out-of-time': 'The other steps took all the time there was.',
  'problem.stopped': 'The test was stopped before.',

  'advice.label': 'What to ask for',
  'advice.network': 'For your network’s administrator',
  'advice.operator': 'For whoever runs this server',
  'advice.browser': 'For whoever sets up this browser',
  'advice.open-udp':
    'Please allow outgoing UDP from our network to {{host}}, port {{port}}, and the answers to it. Video meetings on {{origin}} send picture and sound that way (STUN, TURN and SRTP).',
  'advice.allow-tcp':
    'Please allow outgoing TCP connections to {{host}}, port {{port}}, past proxies and filters for web traffic. Besides https they carry TURN (RFC 8656), the picture and sound of video meetings on {{origin}}.',
  'advice.exempt-tls':
    'Please exempt {{host}}, port {{port}}, from the inspection of encrypted connections (HTTPS interception). Besides https they carry TURN over TLS (RFC 8656), the picture and sound of video meetings on {{origin}}.',
  'advice.allow-websocket':
    'Please allow WebSocket connections (RFC 6455) to {{host}}, port {{port}}, and do not cut them while they are in use. Video meetings on {{origin}} need them for joining and chat.',
  'advice.trusted-certificate':
    'Please give {{host}} a certificate that browsers trust (kaigi serve --tls-cert … --tls-key …). Without one TURN over TLS on port {{port}} does not work, the last way out of strict networks.',
  'advice.allow-udp-in-browser':
    'Please let web pages use UDP for WebRTC: in Chrome and Edge the policy WebRtcIPHandling must not be disable_non_proxied_udp, in Firefox media.peerconnection.ice.proxy_only must be false, and no privacy or VPN extension may switch it off.',

  'report.title': 'Report',
  'report.text':
    'To send to whoever helps you. It holds no names, and addresses of yours only if you choose them.',
  'report.include': 'Include my address {{address}}',
  'report.copy': 'Copy report',
  'report.verdict': 'Result: {{verdict}}',
  'report.server': 'Server: {{host}}, port {{port}}',
  'report.browser': 'Browser: {{browser}}',
  'report.time': 'Time: {{time}}',
  'report.hidden': '(address left out)',

  'devices.try': 'Try them',
  'devices.stop': 'Stop',
  'devices.preview': 'Your own picture',
  'devices.speak': 'Say something: the bar should move.',
};

export default en;
