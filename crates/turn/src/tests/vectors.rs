//! RFC 5769 and RFC 8489 Appendix B.1 (as corrected by erratum 6268).

use stun_types::{
    attribute::{Fingerprint, Software, Userhash, XorMappedAddress},
    message::Message,
};

use super::pair::push;
use crate::{
    codec,
    integrity::{self, Integrity, Key, PasswordAlgorithm},
};

const SHORT_TERM: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const USER: &str = "マトリックス";
const REALM: &str = "example.org";
/// After OpaqueString processing.
const PASSWORD: &str = "TheMatrIX";

const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e740024\
    00046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249\
    c1b571a280280004e57a3bcf";
const IPV4_RESPONSE: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f722000200008\
    0001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
const IPV6_RESPONSE: &str = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f722000200014\
    0002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";
const LONG_TERM: &str = "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b9\
    00000015001c662f2f3439396b39353464364f4c33346f4c39465354767936347341\
    0014000b6578616d706c652e6f72670000080014f67024656dd64a3e02b8e0712e85c9a28ca89666";
const SHA256: &str = "000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f248194\
    15569e60b205c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c394653547679\
    363473410000000014000b6578616d706c652e6f726700001d000400020000001c0020b5c7bf005b6c52a21c51c5e892f8192413\
    6296cb927c43149309278cc6518e65";

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.chars().filter(|c| !c.is_whitespace()).collect();
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

fn verifies(bytes: &[u8], key: &Key) -> bool {
    let message = codec::parse(bytes).unwrap();
    integrity::verify(&message, integrity::present(&message).unwrap(), key)
}

/// Short-term keys are the password itself (RFC 8489 §9.1.1); this server uses them only here.
fn short_term() -> Key {
    Key::raw(SHORT_TERM.as_bytes())
}

fn long_term(algorithm: PasswordAlgorithm) -> Key {
    Key::long_term(algorithm, USER.as_bytes(), REALM.as_bytes(), PASSWORD.as_bytes())
}

#[test]
fn rfc_5769_2_1_request_verifies_and_no_changed_byte_does() {
    let request = bytes(REQUEST);
    assert!(verifies(&request, &short_term()));
    let without = &request[..request.len() - 8];
    for at in 4..without.len() - 20 {
        let mut changed = without.to_vec();
        changed[2..4].copy_from_slice(&(without.len() as u16 - 20).to_be_bytes());
        changed[at] ^= 1;
        if let Ok(message) = codec::parse(&changed) {
            let present = integrity::present(&message);
            assert!(!present.is_some_and(|one| integrity::verify(&message, one, &short_term())), "{at}");
        }
    }
}

#[test]
fn rfc_5769_2_2_and_2_3_responses_verify_and_are_made_alike() {
    for (hex, mapped) in
        [(IPV4_RESPONSE, "192.0.2.1:32853"), (IPV6_RESPONSE, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    {
        let response = bytes(hex);
        assert!(verifies(&response, &short_term()));
        let message = Message::from_bytes(&response).unwrap();
        assert_eq!(message.attribute::<Software>().unwrap().software(), "test vector");
        let address = message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id());
        assert_eq!(address, mapped.parse().unwrap());
        assert!(message.attribute::<Fingerprint>().is_ok());

        let mut made = response[..response.len() - 32].to_vec();
        integrity::sign(&mut made, Integrity::Sha1, &short_term());
        integrity::add_fingerprint(&mut made);
        assert_eq!(made, response);
    }
}

#[test]
fn rfc_5769_2_4_long_term_request_verifies_and_is_made_alike() {
    let request = bytes(LONG_TERM);
    let key = long_term(PasswordAlgorithm::Md5);
    assert!(verifies(&request, &key));
    assert!(!verifies(&request, &long_term(PasswordAlgorithm::Sha256)));
    let mut made = request[..20].to_vec();
    push(&mut made, 0x0006, USER.as_bytes());
    push(&mut made, 0x0015, b"f//499k954d6OL34oL9FSTvy64sA");
    push(&mut made, 0x0014, REALM.as_bytes());
    integrity::sign(&mut made, Integrity::Sha1, &key);
    assert_eq!(made, request);
}

#[test]
fn rfc_8489_b_1_request_verifies_with_sha_256_and_userhash() {
    let request = bytes(SHA256);
    let key = long_term(PasswordAlgorithm::Sha256);
    assert!(verifies(&request, &key));
    let message = Message::from_bytes(&request).unwrap();
    assert_eq!(*message.attribute::<Userhash>().unwrap().hash(), integrity::userhash(USER, REALM));
    // As printed, before the erratum: no PASSWORD-ALGORITHM, so the key is MD5's while the HMAC is SHA-256's.
    let mut printed = request[..request.len() - 44].to_vec();
    integrity::sign(&mut printed, Integrity::Sha256, &long_term(PasswordAlgorithm::Md5));
    assert!(verifies(&printed, &long_term(PasswordAlgorithm::Md5)));
}

#[test]
fn sha_256_integrity_may_be_cut_to_16_bytes_but_not_shorter() {
    let key = long_term(PasswordAlgorithm::Sha256);
    for (length, good) in [(12, false), (16, true), (20, true), (32, true)] {
        let mut request = bytes(SHA256)[..128].to_vec();
        let total = (request.len() + 4 + length - 20) as u16;
        request[2..4].copy_from_slice(&total.to_be_bytes());
        let parts = [&request[..]];
        let made = integrity::hmac_sha256(key.as_bytes(), &parts);
        push(&mut request, 0x001C, &made[..length]);
        let message = codec::parse(&request).unwrap();
        let present = integrity::present(&message).unwrap();
        assert_eq!(integrity::verify(&message, present, &key), good, "{length}");
    }
}
