//! Messages of the domain name system (RFC 1035, 3596, 2782): captured bytes enter, questions and answers leave, as far as the bytes go.
//! The bytes are the attacker's: every length is checked, and names that point backwards end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most questions and answers that are read of a message.
const MOST: u16 = 64;
/// Longest name in its encoded form (RFC 1035, 2.3.4).
const LONGEST: usize = 255;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::tables) struct Message {
    /// Its number, which an answer shares with its question.
    pub(in crate::tables) id: u16,
    /// Whether it answers.
    pub(in crate::tables) is_answer: bool,
    /// The response code.
    pub(in crate::tables) code: u8,
    /// What is asked: name and type.
    pub(in crate::tables) questions: Vec<(String, u16)>,
    /// Answers.
    pub(in crate::tables) answers: Vec<Answer>,
    /// Something was not captured.
    pub(in crate::tables) is_cut: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tables) struct Answer {
    /// Seconds for which it holds.
    pub(in crate::tables) ttl: u32,
    /// What it says.
    pub(in crate::tables) data: Data,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tables) enum Data {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME, NS, PTR, MX, SRV: another name.
    Name(u16, String),
    /// TXT.
    Text(Vec<u8>),
    /// Any other type.
    Other(u16),
}

/// The name of a type.
pub(in crate::tables) fn type_name(number: u16) -> String {
    let name = match number {
        0 => "",
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        41 => "OPT",
        43 => "DS",
        46 => "RRSIG",
        48 => "DNSKEY",
        64 => "SVCB",
        65 => "HTTPS",
        252 => "AXFR",
        255 => "ANY",
        other => return format!("TYPE{other}"),
    };
    name.to_owned()
}

/// The name of a response code.
pub(in crate::tables) fn code_name(code: u8) -> &'static str {
    const NAMES: [&str; 11] = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
        "NOTAUTH", "NOTZONE",
    ];
    NAMES.get(usize::from(code)).copied().unwrap_or("unknown")
}

/// Reads a message. `None` if the bytes are none, or not even the first question was captured.
pub(in crate::tables) fn read(bytes: &[u8]) -> Option<Message> {
    let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let (id, flags) = (word(0)?, word(2)?);
    let (questions, answers, authorities, additional) = (word(4)?, word(6)?, word(8)?, word(10)?);
    // Queries, and of the flags only those that are defined: nearly all other bytes are no message.
    let is_plain = flags & 0x7840 == 0 && flags & 0xf <= 10;
    if !is_plain || questions > 8 || questions + answers.min(1) == 0 || authorities > 512 || additional > 512
    {
        return None;
    }
    let mut message =
        Message { id, is_answer: flags & 0x8000 != 0, code: (flags & 0xf) as u8, ..Message::default() };
    if !message.is_answer && answers > MOST {
        return None;
    }
    let mut at = 12;
    for index in 0..questions {
        let Some((name, end)) = name(bytes, at) else {
            if index == 0 {
                return None;
            }
            message.is_cut = true;
            return Some(message);
        };
        let Some(kind) = word(end) else {
            message.questions.push((name, 0));
            message.is_cut = true;
            return Some(message);
        };
        message.questions.push((name, kind));
        at = end + 4;
    }
    for _ in 0..answers.min(MOST) {
        let Some((answer, end)) = answer(bytes, at) else {
            message.is_cut = true;
            break;
        };
        message.answers.push(answer);
        at = end;
    }
    message.is_cut |= answers > MOST;
    Some(message)
}

/// An answer and its end.
fn answer(bytes: &[u8], at: usize) -> Option<(Answer, usize)> {
    let (_, at) = name(bytes, at)?;
    let head = bytes.get(at..at + 10)?;
    let kind = u16::from_be_bytes([head[0], head[1]]);
    let ttl = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
    let start = at + 10;
    let end = start + usize::from(u16::from_be_bytes([head[8], head[9]]));
    let data = bytes.get(start..end)?;
    let of_name = |at: usize| Some(Data::Name(kind, name(bytes, at)?.0));
    let data = match (kind, data.len()) {
        (1, 4) => Data::Address(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).into()),
        (28, 16) => Data::Address(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).into()),
        (2 | 5 | 12, _) => of_name(start)?,
        (15, 3..) => of_name(start + 2)?,
        (33, 7..) => of_name(start + 6)?,
        (16, 1..) => Data::Text(data.get(1..=usize::from(data[0]))?.to_vec()),
        _ => Data::Other(kind),
    };
    Some((Answer { ttl, data }, end))
}

/// A name as people write it, and where it ends. Pointers have to point backwards, so that following them ends.
fn name(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut text, mut at, mut end, mut length, mut before) = (String::new(), start, None, 0, start);
    loop {
        let count = usize::from(*bytes.get(at)?);
        match count >> 6 {
            0 if count == 0 => {
                if text.is_empty() {
                    text.push('.');
                }
                return Some((text, end.unwrap_or(at + 1)));
            }
            0 => {
                length += count + 1;
                if length > LONGEST {
                    return None;
                }
                if !text.is_empty() {
                    text.push('.');
                }
                push_label(&mut text, bytes.get(at + 1..at + 1 + count)?);
                at += 1 + count;
            }
            3 => {
                let to = (count & 0x3f) << 8 | usize::from(*bytes.get(at + 1)?);
                if to >= before {
                    return None;
                }
                end.get_or_insert(at + 2);
                (at, before) = (to, to);
            }
            _ => return None,
        }
    }
}

/// A label; what is no visible character, and dots and backslashes in it, are written as in zone files (RFC 1035, 5.1).
fn push_label(text: &mut String, label: &[u8]) {
    for byte in label {
        match byte {
            b'.' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'!'..=b'~' => text.push(char::from(*byte)),
            other => text.push_str(&format!("\\{other:03}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer to a question for `example.com` with a name and two addresses.
    fn sample() -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0];
        bytes.extend(b"\x07example\x03com\0\0\x01\0\x01");
        bytes.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 3, b'w', b'w', b'w', 0xc0, 12]);
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        bytes.extend([0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1, 0xd, 0xb8]);
        bytes.extend([0; 12]);
        bytes
    }

    #[test]
    fn questions_and_answers_are_read() {
        let message = read(&sample()).expect("a message");
        assert_eq!((message.id, message.is_answer, message.code, message.is_cut), (0x1234, true, 0, false));
        assert_eq!(message.questions, [("example.com".to_owned(), 1)]);
        let data: Vec<Data> = message.answers.into_iter().map(|answer| answer.data).collect();
        let address = |text: &str| Data::Address(text.parse().expect("an address"));
        assert_eq!(
            data,
            [Data::Name(5, "www.example.com".to_owned()), address("192.0.2.1"), address("2001:db8::")]
        );
    }

    /// Whatever is missing or changed, nothing is made up and nothing goes on without end.
    #[test]
    fn hostile_bytes_end() {
        let sample = sample();
        for length in 0..sample.len() {
            if let Some(message) = read(&sample[..length]) {
                assert!(message.is_cut && message.questions[0].0 == "example.com", "{length}");
            }
        }
        for at in 0..sample.len() {
            for byte in 0..=255 {
                let mut bytes = sample.clone();
                bytes[at] = byte;
                read(&bytes);
            }
        }
        // A name that points at itself, or forwards.
        for pointer in [[0xc0, 12], [0xc0, 14]] {
            let bytes = [&[0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &pointer, &[0, 1, 0, 1]].concat();
            assert_eq!(read(&bytes), None);
        }
        assert_eq!(read(b"GET / HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn names_are_visible_characters() {
        let bytes = [&[0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5][..], b"a\x1b.\n\\\0\0\x01\0\x01"].concat();
        assert_eq!(read(&bytes).expect("a message").questions[0].0, "a\\027\\.\\010\\\\");
    }
}
