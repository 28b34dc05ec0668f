//! Decimal numbers as C's `sscanf` reads them: leading blanks and a sign are accepted, nothing may follow, and numbers
//! beyond the width saturate at 64 bits before they are cut (reference language 4.1).

/// A signed number of 64 bits (`%ld`).
pub(crate) fn signed(text: &str) -> Option<i64> {
    let (negative, digits) = split(text)?;
    let magnitude = digits.parse::<u64>().unwrap_or(u64::MAX);
    Some(match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => value,
        (true, Ok(value)) => -value,
        (false, Err(_)) => i64::MAX,
        (true, Err(_)) => i64::MIN,
    })
}

/// An unsigned number of 64 bits (`%lu`); a minus sign wraps around, too many digits give the largest number.
pub(crate) fn unsigned(text: &str) -> Option<u64> {
    let (negative, digits) = split(text)?;
    match digits.parse::<u64>() {
        Ok(value) if negative => Some(value.wrapping_neg()),
        Ok(value) => Some(value),
        Err(_) => Some(u64::MAX),
    }
}

/// A signed number of 32 bits (`%d`): the lower half of [`signed`].
pub(crate) fn signed32(text: &str) -> Option<i32> {
    signed(text).map(|value| value as i32)
}

/// An unsigned number of 32 bits (`%u`): the lower half of [`unsigned`].
pub(crate) fn unsigned32(text: &str) -> Option<u32> {
    unsigned(text).map(|value| value as u32)
}

/// Sign and digits of a text that holds a number and nothing else.
fn split(text: &str) -> Option<(bool, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then_some((negative, digits))
}
