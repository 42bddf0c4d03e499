//! Addresses (multiaddr text) and peer ids. A peer id is the identity multihash of an Ed25519
//! public key in its protobuf wrapping (libp2p specification, "Peer Ids and Keys"), so key and
//! id are two spellings of the same thing.

use std::error::Error;
use std::net::IpAddr;

use libp2p::multiaddr::Protocol;
use libp2p::multihash::Multihash;
use libp2p::{Multiaddr, PeerId};
use record::PublicKey;

/// Longest address text in bytes.
pub const MAX_ADDRESS: usize = 256;

/// The protobuf wrapping of an Ed25519 public key: field 1 (type) = 1 (Ed25519), field 2 (data)
/// of 32 bytes.
const ED25519: [u8; 4] = [0x08, 0x01, 0x12, 0x20];
/// The multihash code of "identity": the digest is the input itself.
const IDENTITY: u64 = 0x00;

/// Why an address or a peer id cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Longer than [`MAX_ADDRESS`].
    #[error("address of {0} bytes is longer than 256")]
    TooLong(usize),
    /// Not multiaddr text.
    #[error("{text:?} is not a multiaddr such as /ip4/192.0.2.1/tcp/7440")]
    Malformed {
        /// The text.
        text: String,
        /// Where it stops being one.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A multiaddr, but not of a kind this node speaks.
    #[error(
        "{0:?} is not /ip4|ip6|dns|dns4|dns6/…/tcp/… (or /udp/…/quic-v1 where QUIC is built in)"
    )]
    Unsupported(String),
    /// The address does not end in `/p2p/…`.
    #[error("{0:?} does not name its peer: it must end in /p2p/…")]
    NoPeer(String),
    /// The address names another peer than the one it was given for.
    #[error("{text:?} names another peer than {expected}")]
    OtherPeer {
        /// The address.
        text: String,
        /// The peer it was given for.
        expected: PublicKey,
    },
    /// The peer id is not that of an Ed25519 key.
    #[error("{0:?} is not the peer id of an Ed25519 key")]
    NotEd25519(String),
}

/// The peer id (base58, `12D3Koo…`) of a public key.
#[must_use]
pub fn peer_id_text(key: &PublicKey) -> String {
    peer_id(key).to_base58()
}

/// Reads a peer id.
///
/// # Errors
/// When it is not the id of an Ed25519 key.
pub fn parse_peer_id(text: &str) -> Result<PublicKey, AddressError> {
    let refused = || AddressError::NotEd25519(text.chars().take(MAX_ADDRESS).collect());
    let id: PeerId = text.parse().map_err(|_| refused())?;
    public_key(&id).ok_or_else(refused)
}

/// The key of the peer that an address ending in `/p2p/…` names.
///
/// # Errors
/// When the address cannot be used or names no Ed25519 peer.
pub fn peer_of_address(text: &str) -> Result<PublicKey, AddressError> {
    let address = parse(text)?;
    let Some(Protocol::P2p(id)) = address.iter().last() else {
        return Err(AddressError::NoPeer(text.to_owned()));
    };
    public_key(&id).ok_or_else(|| AddressError::NotEd25519(text.to_owned()))
}

/// Reads an address which this node can listen on or dial.
pub(crate) fn parse(text: &str) -> Result<Multiaddr, AddressError> {
    if text.len() > MAX_ADDRESS {
        return Err(AddressError::TooLong(text.len()));
    }
    let address: Multiaddr = text.parse().map_err(|source| AddressError::Malformed {
        text: text.to_owned(),
        source: Box::new(source),
    })?;
    if is_spoken(&address) { Ok(address) } else { Err(AddressError::Unsupported(text.to_owned())) }
}

/// Reads an address at which `peer` can be dialled; the result is without `/p2p/…`.
pub(crate) fn parse_for(text: &str, peer: &PublicKey) -> Result<Multiaddr, AddressError> {
    let address = parse(text)?;
    match address.iter().last() {
        Some(Protocol::P2p(id)) if id != peer_id(peer) => {
            Err(AddressError::OtherPeer { text: text.to_owned(), expected: *peer })
        }
        Some(_) | None => Ok(without_peer(address)),
    }
}

/// The address without a trailing `/p2p/…`.
pub(crate) fn without_peer(mut address: Multiaddr) -> Multiaddr {
    if let Some(Protocol::P2p(_)) = address.iter().last() {
        address.pop();
    }
    address
}

/// Whether an address that a neighbour says it listens on is worth dialling: of a kind we speak,
/// and loopback only where the neighbour itself is on loopback, so that no neighbour can make this
/// node knock at its own machine's ports.
pub(crate) fn is_learnable(address: &Multiaddr, neighbour_on_loopback: bool) -> bool {
    address.to_vec().len() <= MAX_ADDRESS
        && is_spoken(address)
        && ip(address).is_none_or(|ip| {
            !ip.is_unspecified() && !ip.is_multicast() && (neighbour_on_loopback || !is_local(&ip))
        })
}

/// The IP address at the front of an address, if there is one.
pub(crate) fn ip(address: &Multiaddr) -> Option<IpAddr> {
    let first = address.iter().next();
    if let Some(Protocol::Ip4(ip)) = first {
        return Some(IpAddr::V4(ip));
    }
    if let Some(Protocol::Ip6(ip)) = first {
        return Some(IpAddr::V6(ip));
    }
    None
}

/// The peer id of a key.
pub(crate) fn peer_id(key: &PublicKey) -> PeerId {
    let mut wrapped = [0; 36];
    wrapped[..4].copy_from_slice(&ED25519);
    wrapped[4..].copy_from_slice(key.as_bytes());
    let hash = Multihash::wrap(IDENTITY, &wrapped).expect("36 bytes fit in a multihash of 64");
    PeerId::from_multihash(hash).expect("an identity multihash of up to 42 bytes is a peer id")
}

/// The key of a peer id, where it is that of an Ed25519 key.
pub(crate) fn public_key(peer: &PeerId) -> Option<PublicKey> {
    let hash: &Multihash<64> = peer.as_ref();
    let wrapped = hash.digest().strip_prefix(&ED25519)?;
    let bytes: [u8; 32] = wrapped.try_into().ok()?;
    (hash.code() == IDENTITY).then(|| PublicKey::from_bytes(bytes))
}

/// Whether an IP address is on this machine or this link only.
fn is_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback() || ip.is_link_local())
        }
    }
}

/// Whether the address is a host and a port of a transport which is built in. Indirections
/// (`dnsaddr`, circuits) are not: they would dial what nobody wrote down.
fn is_spoken(address: &Multiaddr) -> bool {
    let mut parts = address.iter();
    let host = matches!(
        parts.next(),
        Some(
            Protocol::Ip4(_)
                | Protocol::Ip6(_)
                | Protocol::Dns(_)
                | Protocol::Dns4(_)
                | Protocol::Dns6(_)
        )
    );
    let port = match parts.next() {
        Some(Protocol::Tcp(_)) => true,
        Some(Protocol::Udp(_)) => {
            cfg!(feature = "quic") && matches!(parts.next(), Some(Protocol::QuicV1))
        }
        Some(_) | None => false,
    };
    let peer = matches!(parts.next(), None | Some(Protocol::P2p(_)));
    host && port && peer && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use libp2p::identity::Keypair;
    use proptest::prelude::*;

    use super::*;

    fn key_pair(seed: [u8; 32]) -> (PublicKey, PeerId) {
        let pair = Keypair::ed25519_from_bytes(seed).unwrap();
        let bytes = pair.public().try_into_ed25519().unwrap().to_bytes();
        (PublicKey::from_bytes(bytes), pair.public().to_peer_id())
    }

    proptest! {
        #[test]
        fn key_and_peer_id_are_two_spellings_of_the_same(seed: [u8; 32]) {
            let (key, id) = key_pair(seed);
            prop_assert_eq!(peer_id(&key), id);
            prop_assert_eq!(public_key(&id), Some(key));
            prop_assert_eq!(peer_id_text(&key), id.to_string());
            prop_assert_eq!(parse_peer_id(&id.to_string()).unwrap(), key);
            let address = format!("/ip4/192.0.2.1/tcp/7440/p2p/{id}");
            prop_assert_eq!(peer_of_address(&address).unwrap(), key);
            prop_assert!(parse_for(&address, &key).unwrap().to_string().ends_with("/tcp/7440"));
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "\\PC{0,300}") {
            let _ = parse(&text);
            let _ = parse_peer_id(&text);
            let _ = peer_of_address(&text);
        }
    }

    #[test]
    fn a_peer_id_of_another_kind_of_key_is_refused() {
        let rsa = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
        assert!(matches!(parse_peer_id(rsa), Err(AddressError::NotEd25519(_))));
    }

    #[test]
    fn only_a_host_and_a_port_that_are_spoken_count_as_an_address() {
        for good in ["/ip4/0.0.0.0/tcp/0", "/ip6/::1/tcp/1", "/dns/county.example/tcp/7440"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/ip4/192.0.2.1",
            "/tcp/1",
            "/dnsaddr/example.org",
            "/dnsaddr/example.org/tcp/1",
            "/ip4/192.0.2.1/tcp/1/ws",
            "/ip4/192.0.2.1/udp/1",
            "/unix/etc",
            "/memory/1",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(matches!(parse(&"/".repeat(300)), Err(AddressError::TooLong(300))));
    }

    #[test]
    fn an_address_for_another_peer_is_refused() {
        let (key, _) = key_pair([1; 32]);
        let (_, other) = key_pair([2; 32]);
        let address = format!("/ip4/192.0.2.1/tcp/1/p2p/{other}");
        assert!(matches!(parse_for(&address, &key), Err(AddressError::OtherPeer { .. })));
    }

    #[test]
    fn a_neighbour_cannot_make_us_dial_our_own_machine() {
        let learnable = |text: &str, local| is_learnable(&text.parse().unwrap(), local);
        for local in ["/ip4/127.0.0.1/tcp/80", "/ip6/::1/tcp/80", "/ip6/::ffff:127.0.0.1/tcp/80"] {
            assert!(!learnable(local, false), "{local}");
            assert!(learnable(local, true), "{local}");
        }
        assert!(!learnable("/ip4/169.254.169.254/tcp/80", false));
        assert!(!learnable("/ip4/0.0.0.0/tcp/80", true));
        assert!(learnable("/ip4/10.0.0.7/tcp/7440", false));
    }
}
