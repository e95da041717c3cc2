//! Hashes that are the same on every machine and in every version.

/// Hash of nothing, with which FNV-1a begins.
pub const FNV_BEGIN: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a of 64 bits over bytes or other small numbers, continued from `hash`.
pub fn fnv(hash: u64, values: impl IntoIterator<Item = impl Into<u64>>) -> u64 {
    values.into_iter().fold(hash, |hash, value| (hash ^ value.into()).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of SplitMix64: similar values become unlike.
pub fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_the_published_ones() {
        // Vectors of the FNV reference code, and the first output of SplitMix64 with seed 0.
        assert_eq!(fnv(FNV_BEGIN, *b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(FNV_BEGIN, *b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(mixed(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
    }
}
