//! The boundary to the codec: what is read from a message, and what is written in front of a payload.

use std::net::SocketAddr;

use stun_types::{
    attribute::{
        AttributeFromRaw, AttributeStaticType, AttributeType, ErrorCode, Fingerprint, MessageIntegrity,
        MessageIntegritySha256, Nonce, Realm, UnknownAttributes, Userhash, Username, XorMappedAddress,
        XorSocketAddr,
    },
    message::{Message, MessageClass, MessageType, Method, StunParseError, TransactionId},
};
use turn_types::attribute::{
    ChannelNumber, Data, DontFragment, EvenPort, Icmp, Lifetime, RequestedAddressFamily, RequestedTransport,
    ReservationToken, XorPeerAddress, XorRelayedAddress,
};

use crate::model::{Dropped, Head, IcmpError};

/// Comprehension-required attributes that are understood, though not all mean something in each request
/// (RFC 8489 §6.3.1). ACCESS-TOKEN (OAuth) and CONNECTION-ID (TCP relays) are not among them.
const KNOWN: [AttributeType; 18] = [
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
];
const PASSWORD_ALGORITHM: AttributeType = AttributeType::new(0x001D);

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
        let known = KNOWN.contains(&kind)
            || kind == PASSWORD_ALGORITHM
            || kind == ReservationToken::TYPE
            || kind == DontFragment::TYPE && dont_fragment;
        if kind.comprehension_required() && !known && !unknown.contains(&kind) {
            unknown.push(kind);
            if unknown.len() == UNKNOWN_NAMED {
                break;
            }
        }
    }
    unknown
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

/// Everything of a Data indication but the payload and the padding after it (RFC 8656 §11.3). `None` if the
/// message would be too long.
pub(crate) fn data_indication(
    method: Method,
    transaction: TransactionId,
    peer: SocketAddr,
    length: usize,
) -> Option<Head> {
    let (head, address) = indication(method, transaction, peer, 4 + length.next_multiple_of(4))?;
    let mut head = head;
    head.push(&address);
    head.push(&Data::TYPE.value().to_be_bytes());
    head.push(&u16::try_from(length).ok()?.to_be_bytes());
    Some(head)
}

/// A Data indication that tells an ICMP error (RFC 8656 §11.5, §18.13): 44 or 56 bytes.
pub(crate) fn icmp_indication(method: Method, transaction: TransactionId, error: &IcmpError) -> Option<Vec<u8>> {
    let (head, address) = indication(method, transaction, error.peer, 12)?;
    let mut message = head.to_vec();
    message.extend(address);
    message.extend(Icmp::TYPE.value().to_be_bytes());
    message.extend([0, 8, 0, 0, error.kind, error.code]);
    message.extend(error.data.to_be_bytes());
    Some(message)
}

/// An indication's header, counting XOR-PEER-ADDRESS and `more` bytes, and that attribute.
fn indication(
    method: Method,
    transaction: TransactionId,
    peer: SocketAddr,
    more: usize,
) -> Option<(Head, impl AsRef<[u8]> + IntoIterator<Item = u8> + std::ops::Deref<Target = [u8]>)> {
    let kind = MessageType::from_class_method(MessageClass::Indication, method);
    let address = xor_peer_address(peer, transaction);
    let length = u16::try_from(address.len() + more).ok()?;
    let mut head = Head::new();
    head.push(&kind.to_bytes());
    head.push(&length.to_be_bytes());
    let transaction: u128 = transaction.into();
    let cookie = u128::from(stun_types::message::MAGIC_COOKIE) << 96;
    head.push(&(cookie | transaction & (u128::MAX >> 32)).to_be_bytes());
    Some((head, address))
}

fn xor_peer_address(peer: SocketAddr, transaction: TransactionId) -> Attribute24 {
    let xored = XorSocketAddr::xor_addr(peer, transaction);
    todo!()
}
