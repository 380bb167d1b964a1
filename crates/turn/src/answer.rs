//! Answers: everything of a request that its answer needs, kept while a relay socket is opened.

use stun_types::{
    attribute::{
        AttributeStaticType, AttributeType, AttributeWrite, ErrorCode, Fingerprint, Nonce, RawAttribute,
        Realm, Software, UnknownAttributes,
    },
    message::{Message, MessageClass, MessageType, MessageWrite, MessageWriteVec, Method, TransactionId},
};

use crate::{
    auth::PASSWORD_ALGORITHMS,
    integrity::{self, Integrity, Key},
    model::FiveTuple,
};

/// Answers to whom is not proven stay within this many bytes.
pub(crate) const UNPROVEN_MOST: usize = 100;

/// What an answer takes over from its request.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) client: FiveTuple,
    pub(crate) transaction: TransactionId,
    method: Method,
    fingerprint: bool,
    proof: Option<(Key, Integrity)>,
}

/// An error answer's code, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Code(u16),
    /// 420.
    Unknown(Vec<AttributeType>),
}

impl Refusal {
    pub(crate) fn code(&self) -> u16 {
        match self {
            Refusal::Code(code) => *code,
            Refusal::Unknown(_) => 420,
        }
    }
}

impl Reply {
    pub(crate) fn to(message: &Message<'_>, client: &FiveTuple) -> Self {
        Self {
            client: *client,
            transaction: message.transaction_id(),
            method: message.method(),
            // RFC 8489 §7.3: an answer has a FINGERPRINT where the request had one.
            fingerprint: message.has_attribute(Fingerprint::TYPE),
            proof: None,
        }
    }

    /// From now on answers carry the integrity attribute the request carried.
    pub(crate) fn prove(&mut self, key: Key, integrity: Integrity) {
        self.proof = Some((key, integrity));
    }

    pub(crate) fn success(&self, attributes: &[&dyn AttributeWrite]) -> Vec<u8> {
        let mut out = self.begin(MessageClass::Success);
        attributes.iter().for_each(|attribute| out.push_attribute_unchecked(*attribute));
        if let Ok(software) = Software::new(crate::binding::SOFTWARE) {
            out.push_attribute_unchecked(&software);
        }
        self.end(out)
    }

    pub(crate) fn refusal(&self, refusal: &Refusal) -> Vec<u8> {
        let mut out = self.error(refusal.code(), reason(refusal.code()));
        if let Refusal::Unknown(unknown) = refusal {
            out.push_attribute_unchecked(&UnknownAttributes::new(unknown));
        }
        self.end(out)
    }

    /// 401 or 438: what the client needs to prove itself, in at most [`UNPROVEN_MOST`] bytes. The reason
    /// phrase is for people and goes first.
    pub(crate) fn challenge(&self, code: u16, realm: &str, nonce: &str) -> Vec<u8> {
        let with = |reason| {
            let mut out = self.error(code, reason);
            if let (Ok(realm), Ok(nonce)) = (Realm::new(realm), Nonce::new(nonce)) {
                out.push_attribute_unchecked(&realm);
                out.push_attribute_unchecked(&nonce);
            }
            out.push_attribute_unchecked(&RawAttribute::new(
                AttributeType::new(0x8002),
                &PASSWORD_ALGORITHMS,
            ));
            self.end(out)
        };
        let full = with(reason(code));
        if full.len() <= UNPROVEN_MOST { full } else { with("") }
    }

    fn error(&self, code: u16, reason: &str) -> MessageWriteVec {
        let mut out = self.begin(MessageClass::Error);
        if let Ok(code) = ErrorCode::new(code, reason) {
            out.push_attribute_unchecked(&code);
        }
        out
    }

    fn begin(&self, class: MessageClass) -> MessageWriteVec {
        let kind = MessageType::from_class_method(class, self.method);
        Message::builder(kind, self.transaction, MessageWriteVec::with_capacity(160))
    }

    fn end(&self, out: MessageWriteVec) -> Vec<u8> {
        let mut message = out.finish();
        if let Some((key, integrity)) = &self.proof {
            integrity::sign(&mut message, *integrity, key);
        }
        if self.fingerprint {
            integrity::add_fingerprint(&mut message);
        }
        message
    }
}

fn reason(code: u16) -> &'static str {
    match code {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        420 => "Unknown Attribute",
        437 => "Allocation Mismatch",
        438 => "Stale Nonce",
        440 => "Address Family not Supported",
        441 => "Wrong Credentials",
        442 => "Unsupported Transport Protocol",
        443 => "Peer Address Family Mismatch",
        486 => "Allocation Quota Reached",
        508 => "Insufficient Capacity",
        _ => "",
    }
}
