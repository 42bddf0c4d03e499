//! The one thing that is read of EXIF before it is thrown away: which way is up (tag 0x0112).

/// How a picture has to be turned to stand upright: EXIF's values 1 to 8.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Orientation {
    /// Rows and columns change places first.
    pub(crate) transposed: bool,
    /// Then left and right do.
    pub(crate) mirrored: bool,
    /// Then top and bottom do.
    pub(crate) flipped: bool,
}

impl Orientation {
    /// As it is.
    pub(crate) const UPRIGHT: Self = Self { transposed: false, mirrored: false, flipped: false };

    fn from_tag(value: u16) -> Self {
        let (transposed, mirrored, flipped) = match value {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            8 => (true, false, true),
            _ => return Self::UPRIGHT,
        };
        Self { transposed, mirrored, flipped }
    }
}

/// Reads a TIFF block. What can't be read says nothing.
pub(crate) fn orientation(block: &[u8]) -> Orientation {
    // JPEG and some WebP files put a name before it.
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    tag(block).map_or(Orientation::UPRIGHT, Orientation::from_tag)
}

fn tag(block: &[u8]) -> Option<u16> {
    let big = match block.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes: [u8; 4] = block.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let mut places = (0..entries).map_while(|entry| directory.checked_add(2 + 12 * entry));
    let found = places.find(|at| short(*at) == Some(0x0112))?;
    // Type 3 is a short; its value stands in the entry itself.
    (short(found + 2)? == 3).then(|| short(found + 8)).flatten()
}
