//! Whether str0m decrypted a packet: it drops what it cannot, in silence.
//!
//! Its ciphers are wrapped for that, those of SRTP in the receiving direction. They run inside a call to
//! `Rtc::handle_input`, on the caller's thread, and leave what happened in a thread-local for the caller
//! to take when that call returns.

use std::cell::Cell;

use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, SrtpProvider,
    SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

/// What became of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Nobody tried: it came before, is too old, of no stream that was announced, or (in counter mode) not authentic.
    #[default]
    Untried,
    /// It is authentic.
    Opened,
    /// It is not.
    Failed,
}

thread_local! {
    static LAST: Cell<Opening> = const { Cell::new(Opening::Untried) };
}

/// What happened last; forgets it.
pub(crate) fn take() -> Opening {
    LAST.take()
}

#[derive(Debug)]
pub(super) struct Noting;

fn inner() -> &'static dyn SrtpProvider {
    str0m::crypto::from_feature_flags().srtp_provider
}

impl SrtpProvider for Noting {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &Noting
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Noting
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Noting
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        inner().srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        inner().srtp_aes_256_ecb_round(key, input, output);
    }
}

impl SupportedAes128CmSha1_80 for Noting {
    fn create_cipher(&self, key: [u8; 16], encrypt: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(Noted(inner().aes_128_cm_sha1_80().create_cipher(key, encrypt)))
    }
}

impl SupportedAeadAes128Gcm for Noting {
    fn create_cipher(&self, key: [u8; 16], encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Noted(inner().aead_aes_128_gcm().create_cipher(key, encrypt)))
    }
}

impl SupportedAeadAes256Gcm for Noting {
    fn create_cipher(&self, key: [u8; 32], encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Noted(inner().aead_aes_256_gcm().create_cipher(key, encrypt)))
    }
}

/// A cipher that leaves word.
#[derive(Debug)]
struct Noted<C: ?Sized>(Box<C>);

fn note<T>(result: Result<T, CryptoError>) -> Result<T, CryptoError> {
    LAST.set(if result.is_ok() { Opening::Opened } else { Opening::Failed });
    result
}

impl Aes128CmSha1_80Cipher for Noted<dyn Aes128CmSha1_80Cipher> {
    fn encrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.0.encrypt(iv, input, output)
    }

    fn decrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        note(self.0.decrypt(iv, input, output))
    }
}

impl AeadAes128GcmCipher for Noted<dyn AeadAes128GcmCipher> {
    fn encrypt(
        &mut self,
        iv: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.0.encrypt(iv, aad, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        note(self.0.decrypt(iv, aads, input, output))
    }
}

impl AeadAes256GcmCipher for Noted<dyn AeadAes256GcmCipher> {
    fn encrypt(
        &mut self,
        iv: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.0.encrypt(iv, aad, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        note(self.0.decrypt(iv, aads, input, output))
    }
}
