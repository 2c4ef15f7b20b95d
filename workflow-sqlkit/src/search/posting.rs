//! The runs that have a token, as bytes.

/// A set of the runs of a block, by their position in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Positions(Vec<u64>);

impl Positions {
    /// No run of a block.
    pub(super) fn none(runs: usize) -> Self {
        Self(vec![0; runs.div_ceil(64)])
    }

    fn insert(&mut self, position: usize) -> Option<()> {
        let word = self.0.get_mut(position / 64)?;
        *word |= 1 << (position % 64);
        Some(())
    }

    /// Keeps those that are in both.
    pub(super) fn retain(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// In order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        (0..).zip(&self.0).flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit as usize)
            })
        })
    }
}

/// Whether positions take less space as a bitmap than as the distances between them.
fn is_bitmap(bytes: usize, runs: usize) -> bool {
    bytes >= runs.div_ceil(8)
}

/// Writes positions, which ascend.
pub(super) fn encode(positions: impl IntoIterator<Item = u16>, runs: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut bitmap = vec![0; runs.div_ceil(8)];
    let mut next = 0;
    for position in positions {
        number(&mut bytes, u64::from(position - next));
        next = position + 1;
        bitmap[usize::from(position / 8)] |= 1 << (position % 8);
    }
    if is_bitmap(bytes.len(), runs) {
        bitmap
    } else {
        bytes
    }
}

/// The positions that [`encode`] wrote; `None` if it did not write these bytes.
pub(super) fn decode(mut bytes: &[u8], runs: usize) -> Option<Positions> {
    let mut positions = Positions::none(runs);
    if is_bitmap(bytes.len(), runs) {
        for (word, bytes) in positions.0.iter_mut().zip(bytes.chunks(8)) {
            let mut full = [0; 8];
            full[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(full);
        }
        return Some(positions);
    }
    let mut next = 0;
    while !bytes.is_empty() {
        let position = usize::try_from(read_number(&mut bytes)?)
            .ok()?
            .checked_add(next)?;
        positions.insert(position)?;
        next = position + 1;
    }
    Some(positions)
}

/// Writes a number as LEB128: seven bits per byte, the lowest first.
pub(super) fn number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

/// Reads a number that [`number`] wrote.
pub(super) fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
