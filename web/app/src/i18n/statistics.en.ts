/** Of the statistics and of what happens to one's own picture by itself: what the first load needs. */
const en = {
  'statistics.title': 'Statistics',
  'statistics.shortcut': 'Open or close the statistics',
  'sendLimit.bandwidthTitle': 'Your connection is slow',
  'sendLimit.smaller': 'Your picture is sent smaller, so that sound stays clear.',
  'sendLimit.stopped': 'Your picture is not sent for now, so that sound stays clear.',
  'sendLimit.cpuTitle': 'Your device is busy',
  'sendLimit.cpuText': 'Your picture is sent smaller. Closing other programs helps.',
  'sendLimit.overTitle': 'Your picture is sent in full again',
};

export default en;
