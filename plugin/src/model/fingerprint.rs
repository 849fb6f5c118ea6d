//! The fingerprint of bytes, by which two long texts are told apart where the texts themselves are too long to be part
//! of a key.

/// The fingerprint of bytes, 32 hexadecimal digits (FNV-1a, 128 bits). Two texts with one fingerprint would have to be
/// made on purpose.
pub fn fingerprint(bytes: &[u8]) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
    format!("{hash:032x}")
}
