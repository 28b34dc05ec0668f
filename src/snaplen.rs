//! The snaplen: the size asked for enters, the size that the probe can keep leaves, with a warning if that is less.

use tercel_capture::Options;

/// The bytes of a buffer that are kept, and a warning if `option` asked for more.
pub fn within_limit(option: &str, asked: u32) -> (u32, Option<String>) {
    let most = Options::MAX_SNAPLEN;
    let warning = format!("{option}: {asked} bytes exceed the limit; {most} bytes of each buffer are kept");
    if asked > most { (most, Some(warning)) } else { (asked, None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_limit_is_a_warning() {
        assert_eq!(within_limit("-s", 32_768), (32_768, None));
        let warning = "-s: 32769 bytes exceed the limit; 32768 bytes of each buffer are kept".to_owned();
        assert_eq!(within_limit("-s", 32_769), (32_768, Some(warning)));
    }
}
