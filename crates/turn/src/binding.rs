//! Binding (RFC 8489 §3): no state, one request in, one answer out.

use std::net::SocketAddr;

use stun_types::{
    attribute::{
        Attribute, AttributeStaticType, AttributeType, ErrorCode, Fingerprint, Software, UnknownAttributes,
        XorMappedAddress,
    },
    message::{Message, MessageWrite, MessageWriteExt, MessageWriteVec, StunWriteError},
};

use crate::codec::UNKNOWN_NAMED;

pub(crate) const SOFTWARE: &str = "Kaigi";

/// XOR-MAPPED-ADDRESS (RFC 8489 §14.2), or 420 for unknown comprehension-required attributes (§6.3.1).
pub(crate) fn answer(message: &Message<'_>, source: SocketAddr) -> Result<Vec<u8>, StunWriteError> {
    let unknown = unknown_attributes(message);
    let mut out = if !unknown.is_empty() {
        let mut out = Message::builder_error(message, MessageWriteVec::with_capacity(80));
        out.add_attribute(&ErrorCode::new(420, "Unknown Attribute")?)?;
        out.add_attribute(&UnknownAttributes::new(&unknown))?;
        out
    } else {
        let mut out = Message::builder_success(message, MessageWriteVec::with_capacity(80));
        out.add_attribute(&XorMappedAddress::new(source, message.transaction_id()))?;
        out.add_attribute(&Software::new(SOFTWARE)?)?;
        out
    };
    // RFC 8489 §7.3: an answer has a FINGERPRINT where the request had one.
    if message.has_attribute(Fingerprint::TYPE) {
        out.add_fingerprint()?;
    }
    Ok(out.finish())
}

/// Comprehension-required attributes (below 0x8000) this server does not understand. Those that only make
/// sense together with credentials are not asked for, and so ignored (RFC 8489 §9).
fn unknown_attributes(message: &Message<'_>) -> Vec<AttributeType> {
    const USERNAME: u16 = 0x0006;
    const MESSAGE_INTEGRITY: u16 = 0x0008;
    const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
    // ICE agents that probe a STUN server send PRIORITY and USE-CANDIDATE (RFC 8445 §7.1).
    const ICE_PRIORITY: u16 = 0x0024;
    const ICE_USE_CANDIDATE: u16 = 0x0025;
    const KNOWN: [u16; 5] =
        [USERNAME, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, ICE_PRIORITY, ICE_USE_CANDIDATE];
    let mut unknown: Vec<AttributeType> = Vec::new();
    for (_, attribute) in message.iter_attributes() {
        let kind = attribute.get_type();
        if kind.comprehension_required() && !KNOWN.contains(&kind.value()) && !unknown.contains(&kind) {
            unknown.push(kind);
            if unknown.len() == UNKNOWN_NAMED {
                break;
            }
        }
    }
    unknown
}

#[cfg(test)]
mod tests;
