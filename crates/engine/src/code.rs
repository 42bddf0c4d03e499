//! Ids that follow from something: a case's from its report, a reporter's from the code on the
//! receipt. The code is sixteen characters that can be read out and typed. The
//! reporter's opaque id in the signed record is a hash of it, so whoever has the code is the
//! reporter, and nobody can find the code from the record.

use rand::CryptoRng;
use record::{NodeId, Subject};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 16;

/// The id of the case that a report opens: it follows from the report's place in its author's log,
/// so that nobody can open a case under an id that another node's case has.
#[must_use]
pub fn case_id(author: NodeId, epoch: u32, seq: u64) -> Subject {
    let mut place = author.as_bytes().to_vec();
    place.extend_from_slice(&epoch.to_be_bytes());
    place.extend_from_slice(&seq.to_be_bytes());
    shortened(blake3::derive_key("wangge case id v1", &place))
}

fn shortened(hash: [u8; 32]) -> Subject {
    let mut id = [0_u8; 16];
    id.copy_from_slice(&hash[..16]);
    Subject::from_bytes(id)
}

/// A new code, 80 random bits in Crockford's base 32: `XXXX-XXXX-XXXX-XXXX`.
pub fn new(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    let mut random = [0_u8; LENGTH];
    rng.fill_bytes(&mut random);
    let characters: Vec<char> =
        random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The reporter's opaque id for a code as it was typed: case, spaces, dashes and the letters that
/// are easily confused (O, I, L) do not matter. `None` for what is no code.
#[must_use]
pub fn reporter(typed: &str) -> Option<Subject> {
    if typed.len() > 64 {
        return None;
    }
    let plain: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let known = plain.bytes().all(|byte| ALPHABET.contains(&byte));
    if plain.len() != LENGTH || !known {
        return None;
    }
    Some(shortened(blake3::derive_key("wangge reporter of a receipt code v1", plain.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_code_names_its_reporter_however_it_is_typed() {
        let code = new(&mut StdRng::seed_from_u64(1));
        let id = reporter(&code).unwrap();
        assert_eq!(reporter(&code.to_lowercase().replace('-', " ")), Some(id));
        assert_eq!(reporter(&code.replace('0', "O").replace('1', "l")), Some(id));
        assert_ne!(reporter(&new(&mut StdRng::seed_from_u64(2))), Some(id));
    }

    #[test]
    fn what_is_no_code_names_nobody() {
        for typed in ["", "ABCD", "UUUU-UUUU-UUUU-UUUU", "一二三四", &"0".repeat(1000)] {
            assert_eq!(reporter(typed), None);
        }
    }
}
