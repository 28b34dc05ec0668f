//! Keys of ECDSA whose private number begins with zeros. OpenSSH writes the number without them (`sshbuf_put_bignum2`: an mpint of RFC 4251,
//! section 5), which makes it shorter than 32 bytes in one key of 512; the crate ssh-key (0.6.7, `EcdsaPrivateKey::decode`) reads 32. The file of
//! a key enters, its bytes with the whole number leave.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What the bytes begin with (OpenSSH's `PROTOCOL.key`).
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// Bytes of a private number of P-256.
const NUMBER: usize = 32;

/// The bytes of a file with one key of P-256 and no passphrase, its private number filled up with zeros; `None` if it is another file, or
/// nothing is missing.
pub(crate) fn filled_up(file: &[u8]) -> Option<Vec<u8>> {
    let body = std::str::from_utf8(file)
        .ok()?
        .trim()
        .strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----")?
        .strip_suffix("-----END OPENSSH PRIVATE KEY-----")?;
    let bytes = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
    let mut rest = bytes.strip_prefix(MAGIC)?;
    // The cipher, how its key is made, and with what; how many keys there are; the public key.
    for _ in 0..3 {
        string(&mut rest)?;
    }
    rest = rest.get(4..)?;
    string(&mut rest)?;
    let (before, _) = bytes.split_at(bytes.len() - rest.len());
    let private = string(&mut rest)?;
    // Two equal numbers, which tell whether a passphrase was right.
    let mut rest = private.get(8..)?;
    if string(&mut rest)? != b"ecdsa-sha2-nistp256" {
        return None;
    }
    // The curve and the public point.
    for _ in 0..2 {
        string(&mut rest)?;
    }
    let (known, _) = private.split_at(private.len() - rest.len());
    let number = string(&mut rest)?;
    let zeros = NUMBER.checked_sub(number.len()).filter(|zeros| *zeros > 0)?;
    let comment = string(&mut rest)?;
    let mut filled = known.to_vec();
    push(&mut filled, &[&vec![0; zeros], number].concat())?;
    push(&mut filled, comment)?;
    // 1, 2, 3 and so on, up to a whole block.
    let missing = filled.len().next_multiple_of(8) - filled.len();
    filled.extend((1..).take(missing));
    let mut whole = before.to_vec();
    push(&mut whole, &filled)?;
    Some(whole)
}

/// Takes a string with its length off the front.
fn string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (string, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *bytes = rest;
    Some(string)
}

/// Appends a string with its length.
fn push(bytes: &mut Vec<u8>, string: &[u8]) -> Option<()> {
    bytes.extend(u32::try_from(string.len()).ok()?.to_be_bytes());
    bytes.extend(string);
    Some(())
}
