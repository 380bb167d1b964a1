/** Can this browser hold a meeting, on this page? */
export function isSupported(): boolean {
  return (
    typeof RTCPeerConnection !== 'undefined' &&
    'addTransceiver' in RTCPeerConnection.prototype &&
    'replaceTrack' in RTCRtpSender.prototype &&
    navigator.mediaDevices?.getUserMedia !== undefined
  );
}
