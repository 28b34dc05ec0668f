//! Just enough of BTF to find where the running kernel keeps its fields: the bytes of /sys/kernel/btf/vmlinux enter,
//! offsets leave. Format: the kernel's Documentation/bpf/btf.rst.

use std::collections::HashMap;

use tercel_probe_abi::MISSING;

/// Where the kernel shows its own types.
pub(crate) const KERNEL: &str = "/sys/kernel/btf/vmlinux";

/// Nesting of anonymous structures, and length of chains of typedefs, that is followed.
const DEPTH: u32 = 32;

/// Types of a kernel.
pub(crate) struct Btf {
    data: Vec<u8>,
    /// Position of each type's record by its id; 0 for the type `void`.
    types: Vec<u32>,
    strings: usize,
    /// Ids of structures, unions and enumerations by their names.
    names: HashMap<String, Vec<u32>>,
}

/// Kinds of types that matter here.
mod kind {
    pub(super) const STRUCT: u32 = 4;
    pub(super) const UNION: u32 = 5;
    pub(super) const ENUM: u32 = 6;
    pub(super) const TYPEDEF: u32 = 8;
    pub(super) const VOLATILE: u32 = 9;
    pub(super) const CONST: u32 = 10;
    pub(super) const RESTRICT: u32 = 11;
    pub(super) const FUNC_PROTO: u32 = 13;
    pub(super) const TYPE_TAG: u32 = 18;
    pub(super) const ENUM64: u32 = 19;
}

/// A type's record.
struct Head {
    name: u32,
    kind: u32,
    /// Number of members.
    members: usize,
    /// Whether the upper 8 bits of a member's offset are the width of a bit field.
    bit_fields: bool,
    /// Size in bytes, or the type that this one refers to.
    size_or_type: u32,
    /// Position of what follows.
    rest: usize,
}

impl Btf {
    /// Takes BTF apart; `None` if it is malformed.
    pub(crate) fn parse(data: Vec<u8>) -> Option<Btf> {
        let mut btf = Btf { data, types: vec![0], strings: 0, names: HashMap::new() };
        if btf.u32_at(0)? & 0xffff != 0xeb9f {
            return None;
        }
        let header = btf.u32_at(4)? as usize;
        let mut at = header.checked_add(btf.u32_at(8)? as usize)?;
        let end = at.checked_add(btf.u32_at(12)? as usize)?;
        btf.strings = header.checked_add(btf.u32_at(16)? as usize)?;
        while at < end {
            let info = btf.u32_at(at.checked_add(4)?)?;
            let members = (info & 0xffff) as usize;
            let extra = match info >> 24 & 0x1f {
                1 | 14 | 17 => 4,
                3 => 12,
                4 | 5 | 15 | 19 => 12 * members,
                6 | 13 => 8 * members,
                2 | 7..=12 | 16 | 18 => 0,
                _ => return None,
            };
            btf.types.push(at as u32);
            at = at.checked_add(12 + extra)?;
        }
        btf.index_names()?;
        Some(btf)
    }

    fn index_names(&mut self) -> Option<()> {
        for id in 1..self.types.len() as u32 {
            let head = self.head(id)?;
            if matches!(head.kind, kind::STRUCT | kind::UNION | kind::ENUM | kind::ENUM64) && head.name != 0 {
                let name = self.string(head.name)?.to_owned();
                self.names.entry(name).or_default().push(id);
            }
        }
        Some(())
    }

    /// The first alternative of a path that this kernel has, or [`MISSING`]. The grammar is described with the offsets
    /// of the probe.
    pub(crate) fn resolve(&self, path: &str) -> u32 {
        path.trim_start_matches('?').split('|').find_map(|path| self.one(path)).unwrap_or(MISSING)
    }

    /// Number of arguments of a trace point by the name of its prototype; the first, which is not the caller's, does not count.
    pub(crate) fn arguments(&self, name: &str) -> Option<usize> {
        let heads = (1..self.types.len() as u32).filter_map(|id| self.head(id));
        let mut prototypes = heads.filter(|head| head.kind == kind::TYPEDEF);
        let prototype = prototypes.find(|head| self.string(head.name) == Some(name))?;
        let function = self.head(self.head(prototype.size_or_type)?.size_or_type)?;
        (function.kind == kind::FUNC_PROTO).then(|| function.members.saturating_sub(1))
    }

    fn one(&self, path: &str) -> Option<u32> {
        if let Some(name) = path.strip_prefix("sizeof:") {
            return self.names.get(name)?.iter().find_map(|id| Some(self.head(*id)?.size_or_type));
        }
        if let Some(path) = path.strip_prefix("enum:") {
            let (name, enumerator) = path.split_once('.')?;
            return self.names.get(name)?.iter().find_map(|id| self.enumerator(*id, enumerator));
        }
        if let Some(path) = path.strip_prefix("bit:") {
            return self.bits(path);
        }
        let (path, more) = path.split_once('+').unwrap_or((path, "0"));
        (self.bits(path)? / 8).checked_add(more.parse().ok()?)
    }

    /// Offset of a member in bits.
    fn bits(&self, path: &str) -> Option<u32> {
        let mut parts = path.split('.');
        let ids = self.names.get(parts.next()?)?;
        ids.iter()
            .find_map(|id| {
                parts.clone().try_fold((0u32, *id), |(bits, id), name| {
                    let (more, id) = self.member(id, name, DEPTH)?;
                    Some((bits.checked_add(more)?, id))
                })
            })
            .map(|(bits, _)| bits)
    }

    fn enumerator(&self, id: u32, name: &str) -> Option<u32> {
        let head = self.head(id)?;
        let step = match head.kind {
            kind::ENUM => 8,
            kind::ENUM64 => 12,
            _ => return None,
        };
        (0..head.members).find_map(|i| {
            let at = head.rest + step * i;
            (self.string(self.u32_at(at)?)? == name).then(|| self.u32_at(at + 4))?
        })
    }

    /// Offset in bits and type of a member; members of anonymous members count as the structure's own.
    fn member(&self, id: u32, name: &str, depth: u32) -> Option<(u32, u32)> {
        let head = self.head(self.named(id)?)?;
        if !matches!(head.kind, kind::STRUCT | kind::UNION) || depth == 0 {
            return None;
        }
        (0..head.members).find_map(|i| {
            let at = head.rest + 12 * i;
            let ty = self.u32_at(at + 4)?;
            let bits = self.u32_at(at + 8)? & if head.bit_fields { 0xff_ffff } else { u32::MAX };
            match self.string(self.u32_at(at)?)? {
                "" => self.member(ty, name, depth - 1).map(|(more, ty)| (bits.saturating_add(more), ty)),
                found => (found == name).then_some((bits, ty)),
            }
        })
    }

    /// Looks through names and qualifiers of a type.
    fn named(&self, mut id: u32) -> Option<u32> {
        for _ in 0..DEPTH {
            let head = self.head(id)?;
            match head.kind {
                kind::TYPEDEF | kind::CONST | kind::VOLATILE | kind::RESTRICT | kind::TYPE_TAG => {
                    id = head.size_or_type;
                }
                _ => return Some(id),
            }
        }
        None
    }

    fn head(&self, id: u32) -> Option<Head> {
        let at = *self.types.get(id as usize).filter(|at| **at != 0)? as usize;
        let info = self.u32_at(at + 4)?;
        Some(Head {
            name: self.u32_at(at)?,
            kind: info >> 24 & 0x1f,
            members: (info & 0xffff) as usize,
            bit_fields: info >> 31 != 0,
            size_or_type: self.u32_at(at + 8)?,
            rest: at + 12,
        })
    }

    fn string(&self, offset: u32) -> Option<&str> {
        let bytes = self.data.get(self.strings.checked_add(offset as usize)?..)?;
        std::str::from_utf8(bytes.split(|byte| *byte == 0).next()?).ok()
    }

    fn u32_at(&self, at: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(*self.data.get(at..)?.first_chunk()?))
    }
}

/// BTF with `enum e { A = 7 }` and `struct s { u32 a; struct { u32 b; }; typedef struct t c; u32 bit:1; }`,
/// `struct t { u32 x; u32 y; }`.
#[cfg(test)]
pub(crate) fn sample() -> Vec<u8> {
    let strings = b"\0s\0a\0b\0c\0t\0x\0y\0e\0A\0bit\0alias\0";
    let name = |wanted: &str| {
        strings
            .split(|b| *b == 0)
            .scan(0, |at, part| {
                let start = *at;
                *at += part.len() + 1;
                Some((start, part))
            })
            .find(|(_, part)| *part == wanted.as_bytes())
            .map_or(0, |(at, _)| at as u32)
    };
    let mut types: Vec<u32> = Vec::new();
    let mut push = |words: &[u32]| types.extend_from_slice(words);
    // 1: u32, 2: struct t, 3: the anonymous structure, 4: typedef of 2, 5: struct s, 6: enum e
    push(&[0, 1 << 24, 4, 32]);
    push(&[name("t"), 4 << 24 | 2, 8, name("x"), 1, 0, name("y"), 1, 32]);
    push(&[0, 4 << 24 | 1, 4, name("b"), 1, 0]);
    push(&[name("alias"), 8 << 24, 2]);
    push(&[name("s"), 1 << 31 | 4 << 24 | 4, 20]);
    push(&[name("a"), 1, 0, 0, 3, 32, name("c"), 4, 64, name("bit"), 1, 1 << 24 | 131]);
    push(&[name("e"), 6 << 24 | 1, 4, name("A"), 7]);
    let length = 4 * types.len() as u32;
    let mut data: Vec<u8> = [0x0001_eb9f, 24, 0, length, length, strings.len() as u32]
        .iter()
        .chain(&types)
        .flat_map(|word| word.to_ne_bytes())
        .collect();
    data.extend_from_slice(strings);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found() {
        let btf = Btf::parse(sample()).expect("well-formed");
        for (path, offset) in [
            ("s.a", 0),
            ("s.b", 4),
            ("s.c.y", 12),
            ("s.none|s.c+8", 16),
            ("s.c+x", MISSING),
            ("bit:s.bit", 131),
            ("s.bit", 16),
            ("sizeof:t", 8),
            ("enum:e.A", 7),
            ("s.none|s.b", 4),
            ("?s.none", MISSING),
            ("none.a", MISSING),
            ("enum:e.B", MISSING),
            ("s.a.x", MISSING),
        ] {
            assert_eq!(btf.resolve(path), offset, "{path}");
        }
    }

    #[test]
    fn damage_is_no_panic() {
        let data = sample();
        for length in 0..data.len() {
            let _ = Btf::parse(data[..length].to_vec()).map(|btf| btf.resolve("s.c.y"));
        }
        for position in 0..data.len() {
            let mut data = data.clone();
            data[position] ^= 0xff;
            let _ = Btf::parse(data).map(|btf| btf.resolve("s.c.y"));
        }
    }
}
