//! The boundary to the codec: what is read from a message, and what is written in front of a payload.

use std::net::{IpAddr, SocketAddr};

use stun_types::{
    attribute::{
        Attribute, AttributeFromRaw, AttributeStaticType, AttributeType, ErrorCode, MessageIntegrity,
        MessageIntegritySha256, Nonce, PasswordAlgorithm, Realm, UnknownAttributes, Userhash, Username,
        XorMappedAddress,
    },
    message::{MAGIC_COOKIE, Message, StunParseError},
};
use turn_types::attribute::{
    ChannelNumber, Data, DontFragment, EvenPort, Icmp, Lifetime, RequestedAddressFamily, RequestedTransport,
    ReservationToken, XorPeerAddress, XorRelayedAddress,
};

use crate::model::{Dropped, Head, IcmpError};

/// Comprehension-required attributes that are understood, though not all mean something in each request
/// (RFC 8489 §6.3.1). ACCESS-TOKEN (OAuth) and CONNECTION-ID (TCP relays) are not among them.
const KNOWN: [AttributeType; 20] = [
    AttributeType::new(0x0001), // MAPPED-ADDRESS
    Username::TYPE,
    MessageIntegrity::TYPE,
    ErrorCode::TYPE,
    UnknownAttributes::TYPE,
    ChannelNumber::TYPE,
    Lifetime::TYPE,
    XorPeerAddress::TYPE,
    Data::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    XorRelayedAddress::TYPE,
    RequestedAddressFamily::TYPE,
    EvenPort::TYPE,
    RequestedTransport::TYPE,
    MessageIntegritySha256::TYPE,
    Userhash::TYPE,
    XorMappedAddress::TYPE,
    ReservationToken::TYPE,
    PasswordAlgorithm::TYPE,
];

/// At most this many attribute types are named in a 420 answer, so that answers stay small.
pub(crate) const UNKNOWN_NAMED: usize = 8;

/// One message that fills all of `bytes`. FINGERPRINT, if there, is right.
pub(crate) fn parse(bytes: &[u8]) -> Result<Message<'_>, Dropped> {
    let length = match bytes.get(2..4) {
        Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
        _ => return Err(Dropped::Malformed),
    };
    if !length.is_multiple_of(4) || bytes.len() != 20 + length {
        return Err(Dropped::Malformed);
    }
    Message::from_bytes(bytes).map_err(|_| Dropped::Malformed)
}

/// Comprehension-required attributes that are not understood, each once.
pub(crate) fn unknown_attributes(message: &Message<'_>, dont_fragment: bool) -> Vec<AttributeType> {
    let mut unknown: Vec<AttributeType> = Vec::new();
    for (_, attribute) in message.iter_attributes() {
        let kind = attribute.get_type();
        if !is_known(kind, dont_fragment) && !unknown.contains(&kind) {
            unknown.push(kind);
            if unknown.len() == UNKNOWN_NAMED {
                break;
            }
        }
    }
    unknown
}

/// The same question without a list.
pub(crate) fn has_unknown(message: &Message<'_>, dont_fragment: bool) -> bool {
    message.iter_attributes().any(|(_, attribute)| !is_known(attribute.get_type(), dont_fragment))
}

fn is_known(kind: AttributeType, dont_fragment: bool) -> bool {
    !kind.comprehension_required() || KNOWN.contains(&kind) || kind == DontFragment::TYPE && dont_fragment
}

/// An attribute that may be missing but not malformed.
pub(crate) fn optional<'a, A>(message: &'a Message<'a>) -> Result<Option<A>, StunParseError>
where
    A: AttributeFromRaw<'a> + AttributeStaticType,
{
    match message.attribute::<A>() {
        Ok(attribute) => Ok(Some(attribute)),
        Err(StunParseError::MissingAttribute(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All XOR-PEER-ADDRESS attributes, up to a bound.
pub(crate) fn peer_addresses(message: &Message<'_>, most: usize) -> Result<Vec<SocketAddr>, StunParseError> {
    let transaction = message.transaction_id();
    let mut peers = Vec::new();
    for (_, attribute) in message.iter_attributes() {
        if attribute.get_type() == XorPeerAddress::TYPE && peers.len() <= most {
            peers.push(XorPeerAddress::from_raw_ref(&attribute)?.addr(transaction));
        }
    }
    Ok(peers)
}

/// The first XOR-PEER-ADDRESS.
pub(crate) fn peer_address(message: &Message<'_>) -> Option<SocketAddr> {
    Some(message.attribute::<XorPeerAddress>().ok()?.addr(message.transaction_id()))
}

/// Everything of a Data indication but the payload and the padding after it (RFC 8656 §11.3). `None` if the
/// message would be too long.
pub(crate) fn data_indication(transaction: u128, peer: SocketAddr, length: usize) -> Option<Head> {
    let mut head = indication(transaction, peer, 4 + length.next_multiple_of(4))?;
    head.push(&Data::TYPE.value().to_be_bytes());
    head.push(&u16::try_from(length).ok()?.to_be_bytes());
    Some(head)
}

/// A Data indication that tells an ICMP error (RFC 8656 §11.5, §18.13): 44 or 56 bytes.
pub(crate) fn icmp_indication(transaction: u128, error: &IcmpError) -> Option<Vec<u8>> {
    let mut message = indication(transaction, error.peer, 12)?.to_vec();
    message.extend(Icmp::TYPE.value().to_be_bytes());
    message.extend([0, 8, 0, 0, error.kind, error.code]);
    message.extend(error.data.to_be_bytes());
    Some(message)
}

/// A Data indication's header, `more` bytes being still to come, and its XOR-PEER-ADDRESS.
fn indication(transaction: u128, peer: SocketAddr, more: usize) -> Option<Head> {
    const DATA_INDICATION: u16 = 0x0017;
    const MAGIC: u128 = (MAGIC_COOKIE as u128) << 96;
    let transaction = MAGIC | transaction & (u128::MAX >> 32);
    let address = if peer.is_ipv4() { 8 } else { 20 };
    let mut head = Head::new();
    head.push(&DATA_INDICATION.to_be_bytes());
    head.push(&u16::try_from(4 + address + more).ok()?.to_be_bytes());
    head.push(&transaction.to_be_bytes());
    head.push(&XorPeerAddress::TYPE.value().to_be_bytes());
    head.push(&(address as u16).to_be_bytes());
    head.push(&[0, if peer.is_ipv4() { 1 } else { 2 }]);
    head.push(&(peer.port() ^ (MAGIC_COOKIE >> 16) as u16).to_be_bytes());
    match peer.ip() {
        IpAddr::V4(ip) => head.push(&(u32::from(ip) ^ MAGIC_COOKIE).to_be_bytes()),
        IpAddr::V6(ip) => head.push(&(u128::from(ip) ^ transaction).to_be_bytes()),
    }
    Some(head)
}
