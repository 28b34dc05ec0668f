//! Lists: items of lists inside lists, and list names replaced by their items in the text of a condition, before it is
//! parsed (reference language 8.2 to 8.4).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::exceptions::quoted;
use super::info::{Defined, ListInfo};

/// A condition may not become longer than this by the items of lists.
pub(super) const MAX_TEXT: usize = 4 << 20;

/// Bytes that substitution may write for all conditions of a file together.
const MAX_WRITTEN: usize = 1 << 30;

/// A list with the items of the lists it names, ready to stand in a condition.
#[derive(Debug)]
struct Resolved {
    name: String,
    /// The items as text; `None` if they are more than a condition may hold.
    items: Option<String>,
    /// Positions of lists that are named by the items.
    refers: Vec<usize>,
    used: bool,
}

/// All lists in the order of their definition.
#[derive(Debug, Default)]
pub(super) struct Lists {
    lists: Vec<Resolved>,
    by_name: HashMap<String, usize>,
    /// Lists whose name holds a delimiter, so that it is no word of a condition.
    composed: Vec<usize>,
    /// Bytes written so far by substitution.
    written: usize,
}

/// Where the bytes of a text after substitution come from: for each, the byte of the text before.
pub(super) type Origins = Vec<usize>;

/// Substitution made a condition too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    /// The list whose items were too many.
    pub(super) list: String,
}

impl Lists {
    /// Resolves lists inside lists, one level deep: an item that names a list first defined before the last change of
    /// the list it stands in is replaced by that list's items.
    pub(super) fn new(infos: &Defined<ListInfo>) -> Lists {
        Lists::resolve(infos, None)
    }

    /// The same with one list that has no items.
    pub(super) fn without(infos: &Defined<ListInfo>, name: &str) -> Lists {
        Lists::resolve(infos, Some(name))
    }

    fn resolve(infos: &Defined<ListInfo>, emptied: Option<&str>) -> Lists {
        let items_of = |info: &'_ ListInfo| match emptied == Some(info.name.as_str()) {
            true => 0,
            false => info.items.len(),
        };
        let mut named = Vec::with_capacity(infos.len());
        let mut used = HashSet::new();
        for entry in infos.iter() {
            let mut items = Some(String::new());
            for item in entry.info.items.iter().take(items_of(&entry.info)) {
                match infos.get(item).filter(|other| other.index < entry.visibility) {
                    Some(other) => {
                        used.insert(other.info.name.as_str());
                        let inner = other.info.items.iter().take(items_of(&other.info));
                        inner.for_each(|inner| add_item(&mut items, inner));
                    }
                    None => add_item(&mut items, item),
                }
            }
            named.push((entry.info.name.clone(), items));
        }
        let mut lists = Lists::of(named);
        for list in &mut lists.lists {
            list.used = used.contains(list.name.as_str());
        }
        lists
    }

    fn of(named: Vec<(String, Option<String>)>) -> Lists {
        let by_name: HashMap<String, usize> =
            named.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        let composed =
            (0..named.len()).filter(|at| named.get(*at).is_some_and(|(name, _)| name.contains(is_delimiter)));
        let composed = composed.collect();
        let lists = named
            .into_iter()
            .map(|(name, items)| {
                let words = items.as_deref().into_iter().flat_map(words);
                let refers = words.filter_map(|word| by_name.get(word).copied()).collect();
                Resolved { name, items, refers, used: false }
            })
            .collect();
        Lists { lists, by_name, composed, written: 0 }
    }

    /// Names of lists that nothing refers to.
    pub(super) fn unused(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().filter(|list| !list.used).map(|list| list.name.as_str())
    }

    /// Replaces list names in a condition by their items.
    pub(super) fn substitute(&mut self, condition: &str) -> Result<String, TooLong> {
        self.replace_all(condition, None)
    }

    /// The same, with the origin of every byte.
    pub(super) fn origins(&mut self, condition: &str) -> Origins {
        let mut origins: Origins = (0..condition.len()).collect();
        let _ = self.replace_all(condition, Some(&mut origins));
        origins
    }

    /// Only the lists whose name is a word of the condition, or of the items of such a list, are tried; in the order of
    /// definition, each once.
    fn replace_all(&mut self, condition: &str, mut origins: Option<&mut Origins>) -> Result<String, TooLong> {
        let mut text = condition.to_owned();
        let named = words(condition).filter_map(|word| self.by_name.get(word).copied());
        let mut tried: BTreeSet<usize> = named.chain(self.composed.iter().copied()).collect();
        while let Some(at) = tried.pop_first() {
            let Some(list) = self.lists.get_mut(at) else { continue };
            self.written = self.written.saturating_add(text.len());
            let items = list.items.as_deref().filter(|_| self.written <= MAX_WRITTEN);
            let before = origins.as_deref().map(Vec::as_slice);
            let replaced = replace(&text, &list.name, items, before)?;
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

/// Adds an item behind a comma; nothing is left of items that are too many.
fn add_item(items: &mut Option<String>, item: &str) {
    if let Some(text) = items {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&quoted(item));
    }
    if items.as_ref().is_some_and(|text| text.len() > MAX_TEXT) {
        *items = None;
    }
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
    let mut out = Output { text: String::new(), origins: Origins::new(), before };
    // What is before `from` has been written; names are looked for from `search` on.
    let (mut from, mut search) = (0, 0);
    let mut used = false;
    while let Some(at) = text.get(search..).and_then(|rest| rest.find(name)).map(|at| at + search) {
        let mut end = at + name.len();
        out.copy(text, from..at);
        from = at;
        search = next_char(text, at);
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
        // Falco looks on one byte behind the blank, which stands there only if one stands before the items.
        search = if first { next_char(text, end) } else { end };
    }
    out.copy(text, from..text.len());
    Ok(used.then_some(out))
}

/// A text being put together, with the origin of every byte if that is asked for.
struct Output<'o> {
    text: String,
    origins: Origins,
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

fn next_char(text: &str, at: usize) -> usize {
    (at + 1..text.len()).find(|i| text.is_char_boundary(*i)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(named: &[(&str, &str)]) -> Lists {
        Lists::of(named.iter().map(|(name, items)| ((*name).to_owned(), Some((*items).to_owned()))).collect())
    }

    fn check(named: &[(&str, &str)], text: &str, expected: &str) {
        assert_eq!(lists(named).substitute(text).as_deref(), Ok(expected), "{text}");
        assert_eq!(lists(named).origins(text).len(), expected.len(), "{text}");
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
        check(&[("m", "a"), ("l", "m, n")], "x in (l)", "x in ( m, n )");
        check(&[("two words", "a")], "x in (two words)", "x in ( a )");
        check(&[("é", "ü")], "x in (é, éé)", "x in ( ü , éé)");
    }

    #[test]
    fn growth_is_bounded() {
        let items = vec!["m"; 4000].join(", ");
        let more = vec!["n"; 4000].join(", ");
        let mut lists = lists(&[("l", &items), ("m", &more)]);
        assert_eq!(lists.substitute("x in (l)"), Err(TooLong { list: "m".to_owned() }));
    }
}
