//! Samples enter, inputs that nobody would write leave: the same ones in every run.

use serde_json::{Map, Value, json};

/// A generator of numbers (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below a limit, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Makes bytes from samples, a given number of times: bytes changed, cut out, doubled, or joined from two samples.
pub(crate) fn of_bytes(samples: &[&[u8]], rounds: usize, mut check: impl FnMut(&[u8])) {
    const ODD: &[u8] = b"\0\n :/()=@,.\"{}[]-+0f\x7f\x80\xff";
    let mut random = Random(rounds as u64);
    for sample in samples {
        (0..=sample.len()).for_each(|length| check(&sample[..length]));
    }
    for _ in 0..rounds {
        let mut bytes = samples[random.below(samples.len())].to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() + 1);
            let end = (at + random.below(16)).min(bytes.len());
            match random.below(5) {
                0 => bytes.insert(at, ODD[random.below(ODD.len())]),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.extend_from_within(at..end),
                3 => bytes[at..end].fill(ODD[random.below(ODD.len())]),
                _ => {
                    let other = samples[random.below(samples.len())];
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
                }
            }
        }
        check(&bytes);
    }
}

/// Makes values from a sample, a given number of times: parts of it are replaced or removed.
pub(crate) fn of_json(sample: &Value, rounds: usize, mut check: impl FnMut(&Value)) {
    let mut random = Random(rounds as u64);
    for _ in 0..rounds {
        let mut value = sample.clone();
        for _ in 0..=random.below(4) {
            change(&mut value, &mut random);
        }
        check(&value);
    }
}

fn change(value: &mut Value, random: &mut Random) {
    let deeper = random.below(8) != 0;
    match value {
        Value::Object(object) if deeper && !object.is_empty() => {
            let at = random.below(object.len());
            if random.below(8) == 0 {
                let key = object.keys().nth(at).cloned();
                drop(key.and_then(|key| object.remove(&key)));
            } else if let Some(part) = object.values_mut().nth(at) {
                change(part, random);
            }
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = random.below(list.len());
            change(&mut list[at], random);
        }
        other => *other = odd(random),
    }
}

fn odd(random: &mut Random) -> Value {
    let texts = [
        "",
        "\u{e9}\u{1f980}\u{e9}\u{1f980}",
        "sha256:",
        "@sha256",
        ":",
        "/",
        "{\"a\":[",
        "99999-99-99T99:99:99Z",
    ];
    match random.below(9) {
        0 => Value::Null,
        1 => json!(random.next() & 1 == 0),
        2 => json!(random.next()),
        3 => json!(random.next() as i64),
        4 => json!(1e300),
        5 => json!([]),
        6 => json!([null, {}, [1], "x"]),
        7 => Value::Object(Map::new()),
        _ => json!(texts[random.below(texts.len())]),
    }
}
