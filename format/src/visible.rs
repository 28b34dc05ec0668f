//! Text of a capture or a rule file as text: characters that would do something are written as what they are.

use std::fmt::Write as _;

/// Text in which control characters, and those that change the direction or the width of what stands around them, are written as
/// `\n`, `\x1b` or `\u{202e}`. Bytes that are no UTF-8 become `\xff`.
pub fn visible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push(&mut text, character));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// JSON in which such characters, which stand in strings only, are escapes of JSON: it means the same.
pub fn visible_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        // A line break is layout: those of strings are escapes already.
        if character == '\n' || !(character.is_control() || is_hidden(character)) {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

/// Whether a character changes the direction or the width of what stands around it.
fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn push(text: &mut String, character: char) {
    let _ = match character {
        '\n' => text.write_str("\\n"),
        '\r' => text.write_str("\\r"),
        '\t' => text.write_str("\\t"),
        _ if u32::from(character) < 0x20 || character == '\u{7f}' => {
            write!(text, "\\x{:02x}", u32::from(character))
        }
        _ if character.is_control() || is_hidden(character) => {
            write!(text, "\\u{{{:x}}}", u32::from(character))
        }
        _ => text.write_char(character),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts() {
        let name = "a\u{202e}b\x1b[31m\n<script>\u{200b}é".as_bytes();
        assert_eq!(visible(name), "a\\u{202e}b\\x1b[31m\\n<script>\\u{200b}é");
        assert_eq!(visible(b"\xff\xfea"), "\\xff\\xfea");
    }

    #[test]
    fn json_means_the_same() {
        let json = "{\n  \"a\": \"é\u{9b}\u{202e}\u{e0001}\\n\"\n}\n";
        let expected = "{\n  \"a\": \"é\\u009b\\u202e\\udb40\\udc01\\n\"\n}\n";
        assert_eq!(visible_json(json), expected);
    }
}
