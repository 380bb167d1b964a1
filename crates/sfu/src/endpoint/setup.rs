//! What all endpoints have in common.

use std::sync::Arc;
use std::time::Duration;

use str0m::RtcConfig;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::crypto::Sha1HmacProvider;
use str0m::rtp::{Extension, ExtensionMap};

use crate::keys;

/// What a data channel may have waiting, in bytes.
const MOST_BUFFERED: usize = 1 << 20;
/// The largest message on a data channel, in bytes: 64 kB of payload, and names before it.
const LARGEST_MESSAGE: u32 = 128 * 1024;

/// What all endpoints of a process have in common.
#[derive(Clone)]
pub(crate) struct Setup {
    crypto: Arc<CryptoProvider>,
    certificate: Arc<DtlsCert>,
    /// A session is closed after this long without a word from its client: a network that comes back after ten
    /// seconds finds it, and nobody looks at a frozen picture for longer than a quarter of a minute.
    pub most_silence: Duration,
    /// The same, before its client has connected: a slow machine takes its time.
    pub most_patience: Duration,
}

impl Setup {
    /// Makes the certificate of this process; its fingerprint is in every answer. `None`: the system gives no
    /// randomness.
    pub(crate) fn new() -> Option<Self> {
        let crypto = keys::provider();
        let certificate = Arc::new(crypto.dtls_provider.generate_certificate()?);
        let (most_silence, most_patience) = (Duration::from_secs(14), Duration::from_secs(30));
        Some(Self { crypto: Arc::new(crypto), certificate, most_silence, most_patience })
    }

    pub(super) fn hmac(&self) -> &'static dyn Sha1HmacProvider {
        self.crypto.sha1_hmac_provider
    }

    pub(super) fn config(&self) -> RtcConfig {
        let mut extensions = ExtensionMap::empty();
        for (id, extension) in [
            (1, Extension::AudioLevel),
            (3, Extension::TransportSequenceNumber),
            (4, Extension::RtpMid),
            (10, Extension::RtpStreamId),
            (11, Extension::RepairedRtpStreamId),
        ] {
            extensions.set(id, extension);
        }
        let mut config = RtcConfig::new()
            .set_crypto_provider(self.crypto.clone())
            .set_dtls_cert(DtlsCert::clone(&self.certificate))
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_extension_map(extensions)
            .set_stats_interval(None)
            // It sends no media.
            .set_send_buffer_audio(1)
            .set_send_buffer_video(1)
            .set_sctp_max_buffered_amount(MOST_BUFFERED)
            .set_sctp_max_message_size(LARGEST_MESSAGE)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true);
        // Constrained baseline, baseline, main and high, all with packetization mode 1 (RFC 6184 §6.3). The payload types
        // are the client's in the end.
        for (pt, rtx, profile) in
            [(108, 109, 0x42_e01f), (127, 121, 0x42_001f), (123, 119, 0x4d_001f), (114, 115, 0x64_001f)]
        {
            config.codec_config().add_h264(pt.into(), Some(rtx.into()), true, profile);
        }
        config
    }
}
