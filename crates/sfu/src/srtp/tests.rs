use proptest::prelude::*;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

const PROFILES: [SrtpProfile; 3] =
    [SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AEAD_AES_256_GCM, SrtpProfile::AES128_CM_SHA1_80];

fn master(profile: SrtpProfile) -> Master {
    let (key, salt) = match profile {
        SrtpProfile::AEAD_AES_256_GCM => (32, 12),
        SrtpProfile::AEAD_AES_128_GCM => (16, 12),
        _ => (16, 14),
    };
    Master { key: (0..key).collect(), salt: (100..100 + salt).collect() }
}

fn pair(profile: SrtpProfile) -> (Sealer, Opener) {
    (Sealer::of(profile, &master(profile)).unwrap(), Opener::of(profile, &master(profile)).unwrap())
}

/// RFC 3711 B.3.
#[test]
fn keys_are_derived_as_the_rfc_shows() {
    let master =
        Master { key: hex("E1F97A0D3E018BE0D64FA32C06DE4139"), salt: hex("0EC675AD498AFEEBB6960B3AABE6") };
    let derived = |label, len| {
        let mut out = vec![0xff; len];
        derive(&master, label, &mut out).unwrap();
        out
    };
    assert_eq!(derived(0, 16), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(derived(2, 14), hex("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(derived(1, 20), hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

/// RFC 3711 B.2.
#[test]
fn the_key_stream_is_the_rfc_s() {
    let key = UnboundCipherKey::new(&AES_128, &hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
    let mut stream = vec![0; 48];
    let iv = u128::from_be_bytes(hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap());
    counter(&EncryptingKey::ctr(key).unwrap(), iv, &mut stream).unwrap();
    assert_eq!(
        stream,
        hex(
            "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
        )
    );
}

/// RFC 7714 §16.1.1, §16.2.1, §17.1: session keys and salts as they are.
#[test]
fn gcm_is_the_rfc_s() {
    let salt = u128::from_be_bytes({
        let mut salt = [0; 16];
        salt[4..].copy_from_slice(&hex("517569642070726f2071756f"));
        salt
    });
    let key: Vec<u8> = (0..32).collect();
    let short = || Cipher::gcm(&AES_128_GCM, &key[..16], salt).unwrap();
    let long = || Cipher::gcm(&AES_256_GCM, &key, salt).unwrap();
    let plain = hex(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 \
         6573",
    );
    let mut packet = plain.clone();
    Sealer { rtp: short(), rtcp: short(), rtcp_index: 0 }.seal_rtp(&mut packet, 0, 0xf17b).unwrap();
    assert_eq!(
        packet,
        hex(
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b \
             36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce"
        )
    );
    let mut packet = plain;
    Sealer { rtp: long(), rtcp: long(), rtcp_index: 0 }.seal_rtp(&mut packet, 0, 0xf17b).unwrap();
    assert_eq!(
        packet,
        hex(
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f \
             1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13"
        )
    );
    let plain = hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef \
         deadbeef",
    );
    let mut packet = plain.clone();
    Sealer { rtp: short(), rtcp: short(), rtcp_index: 0x5d4 }.seal_rtcp(&mut packet, 0).unwrap();
    assert_eq!(
        packet,
        hex(
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 \
             86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4"
        )
    );
    Opener { rtp: short(), rtcp: short(), seen: HashMap::default(), vouched: HashSet::default() }
        .open_rtcp(&mut packet)
        .unwrap();
    assert_eq!(packet, plain);
}

/// The packets libsrtp's own test driver checks itself with.
#[test]
fn counter_mode_is_libsrtp_s() {
    let master =
        Master { key: hex("e1f97a0d3e018be0d64fa32c06de4139"), salt: hex("0ec675ad498afeebb6960b3aabe6") };
    let mut sealer = Sealer::of(SrtpProfile::AES128_CM_SHA1_80, &master).unwrap();
    let mut packet = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    sealer.seal_rtp(&mut packet, 0, 0x1234).unwrap();
    assert_eq!(
        packet,
        hex("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb")
    );
    sealer.rtcp_index = 1;
    let mut packet = hex("81c8000b cafebabe abababab abababab abababab abababab");
    sealer.seal_rtcp(&mut packet, 0).unwrap();
    assert_eq!(
        packet,
        hex("81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c123 0798")
    );
}

#[test]
fn a_packet_opens_once() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let plain = hex("81c90001 cafebabe 01020304");
        let mut sealed = vec![7; 3];
        sealed.extend(&plain);
        sealer.seal_rtcp(&mut sealed, 3).unwrap();
        assert!(sealed.len() <= 3 + plain.len() + OVERHEAD);
        let sealed = sealed.split_off(3);

        let mut forged = sealed.clone();
        forged[9] ^= 1;
        assert_eq!(opener.open_rtcp(&mut forged), Err(NotOpened::Forged));
        let mut opened = sealed.clone();
        assert_eq!(opener.open_rtcp(&mut opened), Ok(Freshness::Newest));
        assert_eq!(opened, plain);
        assert_eq!(opener.open_rtcp(&mut sealed.clone()), Err(NotOpened::Replayed));
    }
}

#[test]
fn late_packets_open_and_very_late_ones_do_not() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let mut packets: Vec<_> = (0..200)
            .map(|_| {
                let mut packet = hex("81c90001 cafebabe");
                sealer.seal_rtcp(&mut packet, 0).unwrap();
                packet
            })
            .collect();
        let mut open = |n: usize| opener.open_rtcp(&mut packets[n].clone());
        assert_eq!(open(150), Ok(Freshness::Newest));
        assert_eq!(open(23), Ok(Freshness::Late));
        assert_eq!(open(22), Err(NotOpened::Replayed));
        assert_eq!(open(149), Ok(Freshness::Late));
        assert_eq!(open(149), Err(NotOpened::Replayed));
        assert_eq!(open(199), Ok(Freshness::Newest));
        assert_eq!(open(150), Err(NotOpened::Replayed));
        packets.clear();
    }
}

#[test]
fn an_ssrc_is_the_peer_s_once_one_packet_of_it_is_authentic() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let mut scratch = Vec::new();
        let plain = hex("90600005 00000001 cafebabe bede0001 10410000 01020304");
        let mut sealed = plain.clone();
        sealer.seal_rtp(&mut sealed, 0, 5).unwrap();
        // Its MID is another.
        let mut forged = sealed.clone();
        forged[17] ^= 1;
        assert_eq!(opener.vouch(&forged, &mut scratch), Err(NotOpened::Forged));
        assert_eq!(opener.vouch(&sealed[..20], &mut scratch), Err(NotOpened::Forged));
        assert_eq!(opener.vouch(&sealed, &mut scratch), Ok(()));
        // From now on the SSRC is known, whatever the packet is: that is for others to see.
        assert_eq!(opener.vouch(&forged, &mut scratch), Ok(()));
    }
}

#[test]
fn no_index_comes_twice() {
    let (mut sealer, _) = pair(SrtpProfile::AEAD_AES_128_GCM);
    sealer.rtcp_index = ENCRYPTED - 1;
    let mut packet = hex("81c90001 cafebabe");
    assert_eq!(sealer.seal_rtcp(&mut packet, 0), Ok(()));
    let mut packet = hex("81c90001 cafebabe");
    assert_eq!(sealer.seal_rtcp(&mut packet, 0), Err(NotSealed));
}

#[test]
fn the_rollover_counter_is_part_of_the_key_stream() {
    for profile in PROFILES {
        let (mut sealer, _) = pair(profile);
        let mut seal = |sequence: u64| {
            let mut packet = hex("80600005 00000001 cafebabe 00000000");
            sealer.seal_rtp(&mut packet, 0, sequence).unwrap();
            packet
        };
        assert_ne!(seal(5), seal(5 + (1 << 16)));
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_refused(mut packet in prop::collection::vec(any::<u8>(), 0..200)) {
        for profile in PROFILES {
            let (mut sealer, mut opener) = pair(profile);
            prop_assert!(opener.open_rtcp(&mut packet.clone()).is_err());
            let sequence = packet.get(2..4).map_or(0, |bytes| u64::from(u16::from_be_bytes([bytes[0], bytes[1]])));
            let _ = sealer.seal_rtp(&mut packet.clone(), 0, sequence);
            let _ = sealer.seal_rtcp(&mut packet, 0);
        }
    }
}
