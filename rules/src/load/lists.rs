//! Lists in conditions: items of lists inside lists, and list names replaced in the text of a condition, before it is
//! parsed (reference language 8.2 to 8.4).
//!
//! Falco writes the items into the text. Where every item is one value, a [mark](crate::lang::MARK) with the list's
//! number is written instead, and the parser takes the values from here: a list of a million items is read once, however
//! often it is named. It counts as many bytes as the items would have, so places are Falco's.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::exceptions::quoted;
use super::info::{Defined, ListInfo};
use crate::ast::{LARGE, Part, Values};
use crate::lang::{self, MARK, SharedList};

/// A condition may not become longer than this by lists whose items are written into it.
const MAX_TEXT: usize = 4 << 20;

/// Bytes that substitution may write for all conditions of a file together.
const MAX_WRITTEN: usize = 1 << 30;

/// Items that all lists together may have, those of lists inside lists counted in each.
const MAX_ITEMS: usize = 8 << 20;

/// A list with the items of the lists it names, ready to stand in a condition.
#[derive(Debug)]
struct Resolved<'c> {
    name: &'c str,
    /// The items, those of lists inside it where they stand; `None` if they are too many.
    items: Option<Vec<&'c [String]>>,
    /// The items as values, if each is one and none names a list that is put in later.
    shared: Option<SharedList>,
    /// Positions of lists that are named by the items.
    refers: Vec<usize>,
    used: bool,
}

/// All lists in the order of their definition.
#[derive(Debug, Default)]
pub(super) struct Lists<'c> {
    lists: Vec<Resolved<'c>>,
    by_name: HashMap<&'c str, usize>,
    /// Lists whose name holds a delimiter, so that it is no word of a condition.
    composed: Vec<usize>,
    /// Bytes written so far by substitution.
    written: usize,
}

/// Substitution made a condition too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    /// The list whose items were too many.
    pub(super) list: String,
}

/// How the items of lists come into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As a mark, where that is possible.
    Marks,
    /// As Falco writes them.
    Text,
}

impl<'c> Lists<'c> {
    /// Resolves lists inside lists, one level deep: an item that names a list first defined before the last change of
    /// the list it stands in is replaced by that list's items.
    pub(super) fn new(infos: &'c Defined<ListInfo>) -> Lists<'c> {
        Lists::resolve(infos, None)
    }

    /// Takes over the values of lists that are the same as they were before, so that conditions that name them are, too,
    /// and keeps them for the next time.
    pub(super) fn keep(&mut self, known: &mut HashMap<String, SharedList>) {
        let mut next = HashMap::new();
        for list in &mut self.lists {
            let Some(shared) = &mut list.shared else { continue };
            if let Some(before) = known.get(list.name).filter(|before| before.values == shared.values) {
                shared.values = before.values.clone();
            }
            next.insert(list.name.to_owned(), shared.clone());
        }
        *known = next;
    }

    /// The same with one list that has no items.
    pub(super) fn without(infos: &'c Defined<ListInfo>, name: &str) -> Lists<'c> {
        Lists::resolve(infos, Some(name))
    }

    fn resolve(infos: &'c Defined<ListInfo>, emptied: Option<&str>) -> Lists<'c> {
        let items_of = |info: &'c ListInfo| match emptied == Some(info.name.as_str()) {
            true => &[],
            false => info.items.as_slice(),
        };
        let mut used = HashSet::new();
        let mut room = MAX_ITEMS;
        let mut lists = Vec::with_capacity(infos.len());
        let mut raw: HashMap<&str, BTreeSet<usize>> = HashMap::new();
        for entry in infos.iter() {
            let items = items_of(&entry.info);
            let inner = |item: &String| infos.get(item).filter(|other| other.index < entry.visibility);
            let mut segments = Segments::default();
            let mut refers = BTreeSet::new();
            let mut from = 0;
            for (at, other) in items.iter().enumerate().filter_map(|(at, item)| Some((at, inner(item)?))) {
                used.insert(other.info.name.as_str());
                let run = items.get(from..at).unwrap_or_default();
                refers.extend(named(infos, run));
                let all = items_of(&other.info);
                refers.extend(
                    raw.entry(&other.info.name).or_insert_with(|| named(infos, all).collect()).iter(),
                );
                segments.add_own(run);
                segments.add_list(all);
                from = at + 1;
                if segments.room_taken > room {
                    break;
                }
            }
            let run = items.get(from..).unwrap_or_default();
            refers.extend(named(infos, run));
            segments.add_own(run);
            room = room.saturating_sub(segments.room_taken);
            let fits = room > 0 && segments.count <= MAX_ITEMS;
            let items = fits.then_some(segments.items);
            let refers = refers.into_iter().collect();
            lists.push(Resolved { name: &entry.info.name, items, shared: None, refers, used: false });
        }
        let composed: Vec<usize> = (0..)
            .zip(&lists)
            .filter(|(_, list)| list.name.contains(is_delimiter))
            .map(|(at, _)| at)
            .collect();
        let mut known = HashMap::new();
        for (at, list) in lists.iter_mut().enumerate() {
            list.used = used.contains(list.name);
            if composed.is_empty() && list.refers.iter().all(|later| *later <= at) {
                list.shared = list.items.as_deref().and_then(|items| shared(items, &mut known));
            }
        }
        let by_name = lists.iter().enumerate().map(|(at, list)| (list.name, at)).collect();
        Lists { lists, by_name, composed, written: 0 }
    }

    /// Names of lists that nothing refers to.
    pub(super) fn unused(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().filter(|list| !list.used).map(|list| list.name)
    }

    /// The values of the list that a mark stands for.
    pub(super) fn shared(&self, number: usize) -> Option<&SharedList> {
        self.lists.get(number).and_then(|list| list.shared.as_ref())
    }

    /// Replaces list names in a condition by marks, and by items if no mark can stand for them.
    pub(super) fn marked(&mut self, condition: &str) -> Result<String, TooLong> {
        // A text that holds marks of its own is read as Falco reads it.
        let style = if condition.contains(MARK) { Style::Text } else { Style::Marks };
        self.replace_all(condition, style, None)
    }

    /// Replaces list names in a condition by their items.
    pub(super) fn written_out(&mut self, condition: &str) -> Result<String, TooLong> {
        self.replace_all(condition, Style::Text, None)
    }

    /// Where the bytes of a condition come from whose lists are replaced.
    pub(super) fn origins(&mut self, condition: &str) -> Origins {
        let mut sources: Vec<usize> = (0..condition.len()).collect();
        let style = if condition.contains(MARK) { Style::Text } else { Style::Marks };
        let text = self.replace_all(condition, style, Some(&mut sources)).unwrap_or_default();
        let mut marks = Vec::new();
        if style == Style::Marks {
            let mut from = 0;
            while let Some((start, end, number)) = lang::next_mark(&text, from) {
                let width = self.shared(number).map_or(end - start, |list| list.width);
                marks.push((start, end - start, width));
                from = end;
            }
        }
        Origins { sources, marks }
    }

    /// Only the lists whose name is a word of the condition, or of the items of such a list, are tried; in the order of
    /// definition, each once.
    fn replace_all(
        &mut self,
        condition: &str,
        style: Style,
        mut origins: Option<&mut Vec<usize>>,
    ) -> Result<String, TooLong> {
        let mut text = condition.to_owned();
        let named = words(condition).filter_map(|word| self.by_name.get(word).copied());
        let mut tried: BTreeSet<usize> = named.chain(self.composed.iter().copied()).collect();
        while let Some(at) = tried.pop_first() {
            let Some(list) = self.lists.get_mut(at) else { continue };
            self.written = self.written.saturating_add(text.len());
            let items = match (style, &list.shared) {
                (Style::Marks, Some(_)) => Some(format!("{MARK}{at}{MARK}")),
                _ => list.items.as_deref().and_then(joined).filter(|_| self.written <= MAX_WRITTEN),
            };
            let before = origins.as_deref().map(Vec::as_slice);
            let replaced = replace(&text, list.name, items.as_deref(), before)?;
            if let Some(Output { text: new, origins: sources, .. }) = replaced {
                text = new;
                if let Some(origins) = origins.as_deref_mut() {
                    *origins = sources;
                }
                list.used = true;
                tried.extend(list.refers.iter().filter(|later| **later > at));
            }
        }
        Ok(text)
    }
}

/// Where the bytes of a text after substitution come from.
#[derive(Debug)]
pub(super) struct Origins {
    /// For each byte of the text with marks, the byte of the text before.
    sources: Vec<usize>,
    /// Start and length of each mark, and the length of the items that it stands for.
    marks: Vec<(usize, usize, usize)>,
}

impl Origins {
    /// The byte that a byte of the text with all items comes from; nothing after the end.
    pub(super) fn get(&self, offset: usize) -> Option<usize> {
        // Where the text goes on after the last mark: in the text with marks, and in that with items.
        let (mut short, mut long) = (0, 0);
        for (start, length, width) in &self.marks {
            let begins = long + (start - short);
            if offset < begins {
                break;
            }
            if offset < begins + width {
                return self.sources.get(*start).copied();
            }
            (short, long) = (start + length, begins + width);
        }
        self.sources.get(short + offset.checked_sub(long)?).copied()
    }
}

/// The items of a list on their way, with those of other lists.
#[derive(Default)]
struct Segments<'c> {
    items: Vec<&'c [String]>,
    /// Number of items.
    count: usize,
    /// What of the room for all lists is taken: a large list inside it is shared, and counts where it is met again.
    room_taken: usize,
    large: HashSet<usize>,
}

impl<'c> Segments<'c> {
    /// Adds items of the list itself.
    fn add_own(&mut self, items: &'c [String]) {
        if !items.is_empty() {
            self.room_taken += items.len();
            self.count += items.len();
            self.items.push(items);
        }
    }

    /// Adds the items of another list.
    fn add_list(&mut self, items: &'c [String]) {
        let is_shared = items.len() >= LARGE && self.large.insert(items.as_ptr().addr());
        self.add_own(items);
        if is_shared {
            self.room_taken -= items.len() - 1;
        }
    }
}

/// Positions of the lists that items name, alone or as a word among others.
fn named<'c>(infos: &'c Defined<ListInfo>, items: &'c [String]) -> impl Iterator<Item = usize> + 'c {
    items.iter().flat_map(|item| words(item)).filter_map(|word| infos.position(word))
}

/// Values of large lists by address and number of their items, with their length as text.
type KnownParts = HashMap<(usize, usize), Option<(Part, usize)>>;

/// The items as values, if there are some and each is one value on one line. Large lists inside a list stay shared.
fn shared(items: &[&[String]], known: &mut KnownParts) -> Option<SharedList> {
    let mut parts = Vec::new();
    let mut values = Vec::new();
    let mut width = items.iter().map(|items| items.len()).sum::<usize>().checked_sub(1)? * ", ".len();
    for items in items {
        if items.len() >= LARGE {
            if !values.is_empty() {
                parts.push(Part::from(std::mem::take(&mut values)));
            }
            let (part, own) = known
                .entry((items.as_ptr().addr(), items.len()))
                .or_insert_with(|| part_of(items))
                .as_ref()?;
            parts.push(Part::clone(part));
            width += own;
            continue;
        }
        for item in *items {
            let text = quoted(item);
            width += text.len();
            values.push(lang::list_value(&text)?);
        }
    }
    if !values.is_empty() {
        parts.push(values.into());
    }
    Some(SharedList { values: Values::of(parts), width })
}

/// Items as values, with their length as text without what stands between them.
fn part_of(items: &[String]) -> Option<(Part, usize)> {
    let mut width = 0;
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let text = quoted(item);
        width += text.len();
        values.push(lang::list_value(&text)?);
    }
    Some((values.into(), width))
}

/// The items as text, if they are not more than a condition may hold.
fn joined(items: &[&[String]]) -> Option<String> {
    let mut text = String::new();
    for item in items.iter().copied().flatten() {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&quoted(item));
        if text.len() > MAX_TEXT {
            return None;
        }
    }
    Some(text)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_delimiter(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '(' | ')' | ',' | '=')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_delimiter).filter(|word| !word.is_empty())
}

/// Replaces every delimited `name` in `text`; blanks around it are swallowed. Where nothing replaces it, a comma beside
/// it goes too, the one before it first.
///
/// Nothing if the name does not stand in the text.
fn replace<'o>(
    text: &str,
    name: &str,
    items: Option<&str>,
    before: Option<&'o [usize]>,
) -> Result<Option<Output<'o>>, TooLong> {
    let delimits = |c: Option<char>| c.is_none_or(is_delimiter);
    let mut out = Output { text: String::new(), origins: Vec::new(), before };
    // What is before `from` has been written; names are looked for from `search` on.
    let (mut from, mut search) = (0, 0);
    let mut used = false;
    while let Some(at) = text.get(search..).and_then(|rest| rest.find(name)).map(|at| at + search) {
        let mut end = at + name.len();
        out.copy(text, from..at);
        from = at;
        search = text.ceil_char_boundary(at + 1);
        if !delimits(out.text.chars().next_back())
            || !delimits(text.get(end..).and_then(|rest| rest.chars().next()))
        {
            continue;
        }
        let Some(items) = items.filter(|items| out.text.len() + items.len() + text.len() - end <= MAX_TEXT)
        else {
            return Err(TooLong { list: name.to_owned() });
        };
        out.drop_end(is_blank);
        end += text.get(end..).map_or(0, |rest| rest.len() - rest.trim_start_matches(is_blank).len());
        if items.is_empty() {
            if out.text.ends_with(',') {
                out.drop_last();
            } else if text.get(end..).is_some_and(|rest| rest.starts_with(',')) {
                end += 1;
            }
        }
        let first = out.text.is_empty();
        out.insert(if first { "" } else { " " }, at);
        out.insert(items, at);
        out.insert(" ", at);
        used = true;
        from = end;
        // Falco looks on one byte after the blank, which stands there only if one stands before the items.
        search = if first { text.ceil_char_boundary(end + 1) } else { end };
    }
    out.copy(text, from..text.len());
    Ok(used.then_some(out))
}

/// A text under construction, with the origin of every byte if that is requested.
struct Output<'o> {
    text: String,
    origins: Vec<usize>,
    before: Option<&'o [usize]>,
}

impl Output<'_> {
    fn copy(&mut self, text: &str, range: Range<usize>) {
        self.text.push_str(text.get(range.clone()).unwrap_or_default());
        let origins = self.before.and_then(|before| before.get(range));
        self.origins.extend(origins.unwrap_or_default());
    }

    fn insert(&mut self, text: &str, at: usize) {
        self.text.push_str(text);
        if let Some(before) = self.before {
            let origin = before.get(at).copied().unwrap_or_default();
            self.origins.extend(std::iter::repeat_n(origin, text.len()));
        }
    }

    fn drop_last(&mut self) {
        self.text.pop();
        self.origins.truncate(self.text.len());
    }

    fn drop_end(&mut self, unwanted: fn(char) -> bool) {
        while self.text.ends_with(unwanted) {
            self.drop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::context::Context;

    fn defined(named: &[(&str, &str)]) -> Defined<ListInfo> {
        let ctx = Context::file(&"f".into());
        let mut lists = Defined::default();
        for (number, (name, items)) in named.iter().enumerate() {
            let items = items.split(", ").filter(|item| !item.is_empty()).map(str::to_owned).collect();
            lists.define(name, ListInfo { ctx: ctx.clone(), name: (*name).to_owned(), items }, number);
        }
        lists
    }

    fn check(named: &[(&str, &str)], text: &str, expected: &str) {
        let infos = defined(named);
        let mut lists = Lists::new(&infos);
        assert_eq!(lists.written_out(text).as_deref(), Ok(expected), "{text}");
        // Marks count as many bytes as the items.
        let marked = lists.marked(text).unwrap();
        let (mut length, mut from) = (0, 0);
        while let Some((start, end, number)) = lang::next_mark(&marked, from) {
            length += start - from + lists.shared(number).unwrap().width;
            from = end;
        }
        length += marked.len() - from;
        assert_eq!(length, expected.len(), "{text}");
        let origins = lists.origins(text);
        assert_eq!(origins.get(length), None, "{text}");
        let last = (0..length).map(|at| origins.get(at).expect("an origin"));
        assert!(last.is_sorted(), "{text}");
    }

    #[test]
    fn names_are_replaced_where_they_are_delimited() {
        check(&[("l", "a, b")], "x in (l)", "x in ( a, b )");
        check(&[("l", "a, b")], "x in (c, l ,d)", "x in (c, a, b ,d)");
        check(&[("l", "a, b")], "l", "a, b ");
        check(&[("l", "a")], "l l", "a l");
        check(&[("l", "a")], "(l l)", "( a a )");
        check(&[("l", "a")], "x in (ll, l.l, l)", "x in (ll, l.l, a )");
        check(&[("l", "")], "x in (a, l)", "x in (a  )");
        check(&[("l", "")], "x in (l, a)", "x in (   a)");
        check(&[("l", "")], "x in (l)", "x in (  )");
        check(&[("l", "m, n"), ("m", "a")], "x in (l)", "x in ( a , n )");
        check(&[("m", "a"), ("l", "m, n")], "x in (l)", "x in ( a, n )");
        check(&[("m", "a b, c"), ("l", "m, n")], "x in (l, m)", "x in ( \"a b\", c, n , \"a b\", c )");
        check(&[("two words", "a")], "x in (two words)", "x in ( a )");
        check(&[("é", "ü")], "x in (é, éé)", "x in ( ü , éé)");
    }

    /// Whatever is written, what is parsed with marks is what is parsed of the text that Falco makes.
    #[test]
    fn marks_stand_for_the_text() {
        const PIECES: &[&str] = &[
            "x.y in (",
            "x.y in (",
            "z.pmatch pmatch (",
            "x.y = ",
            "l",
            "l",
            "m",
            "n",
            "o",
            "a",
            "\"b c\"",
            "(",
            ")",
            ")",
            ",",
            ", ",
            " ",
            " and ",
            " or not ",
            "\"",
            "exists",
            "evt.a[l]",
            "tolower(x.y)",
            "startswith oneof (",
            "\n",
        ];
        let infos = defined(&[
            ("k", "1"),
            ("l", "a, b c, \"d e\", é"),
            ("m", "l, x"),
            ("n", ""),
            ("o", "p, k, z"),
            ("p", "=, (q)"),
        ]);
        let mut random = 88_172_645_463_325_252u64;
        let mut parsed = 0;
        for _ in 0..20_000 {
            let mut text = String::from("x.y in (");
            for _ in 0..random % 9 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                text.push_str(PIECES[random as usize % PIECES.len()]);
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push(')');
            let mut lists = Lists::new(&infos);
            let written = lists.written_out(&text).unwrap();
            let marked = lists.marked(&text).unwrap();
            let lists = &lists;
            if let Ok(expr) = lang::parse_marked(&marked, 100, &|number| lists.shared(number)) {
                assert_eq!(lang::parse(&written, 100), Ok(expr), "{text:?} {marked:?}");
                parsed += usize::from(marked.contains(MARK));
            }
        }
        assert!(parsed > 300, "{parsed}");
    }

    #[test]
    fn growth_is_bounded() {
        // A list that is named before it is defined is put in as text, again and again.
        let items = vec!["m"; 4000].join(", ");
        let more = vec!["n m"; 4000].join(", ");
        let infos = defined(&[("l", &items), ("m", &more), ("o p", "q")]);
        assert_eq!(Lists::new(&infos).marked("x in (l)"), Err(TooLong { list: "m".to_owned() }));
    }

    #[test]
    fn values_are_shared() {
        let items: Vec<String> = (0..100_000).map(|number| format!("/a/path/{number}")).collect();
        let infos = defined(&[("l", &items.join(", "))]);
        let mut lists = Lists::new(&infos);
        let text = lists.marked("x in (l) or y in (l, z)").unwrap();
        assert!(text.len() < 50, "{text}");
        assert_eq!(lists.shared(0).unwrap().values.len(), 100_000);
    }
}
