//! A configuration as written: YAML text enters, a tree of values leaves, each with its place. Later files and overrides of the
//! command line are merged into it here. Nothing here knows what a key means.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tercel_rules::load::yaml::{self, Node, NodeKind};

/// The place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// File, or the argument of the command line.
    pub origin: Arc<str>,
    /// Line and column, counted from 1; `None` on the command line.
    pub spot: Option<(usize, usize)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spot {
            Some((line, column)) => write!(f, "{}:{line}:{column}", self.origin),
            None => write!(f, "-o {}", self.origin),
        }
    }
}

/// A message about a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The place.
    pub place: Place,
    /// The text.
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// Its place.
    pub place: Place,
}

/// A value as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A string, a number or a boolean.
    Text(String),
    /// A list.
    List(Vec<Entry>),
    /// Keys in the order of the file.
    Map(Vec<(String, Entry)>),
}

/// Keys whose value is a list.
const LISTS: [&str; 10] = [
    "append_output",
    "base_syscalls.custom_set",
    "config_files",
    "correlations_files",
    "load_plugins",
    "plugins",
    "rules",
    "rules_file",
    "rules_files",
    "syscall_event_drops.actions",
];

/// A step of a path on the command line.
enum Step {
    /// The value of a key.
    Key(String),
    /// An element of a list: its index, or empty for a new one.
    Element(String),
}

/// How a later file is merged into what was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Lists grow, other keys are replaced.
    Append,
    /// Keys are replaced.
    Override,
    /// Only keys that were missing are taken.
    AddOnly,
}

impl Entry {
    /// Reads a file. As in Falco, of a key that is given twice the first counts, and of several documents; the others are added to
    /// `repeated`.
    pub fn parse(name: &str, text: &str, repeated: &mut Vec<Remark>) -> Result<Entry, Remark> {
        let origin: Arc<str> = name.into();
        let place = |mark: yaml::Mark| Place {
            origin: Arc::clone(&origin),
            spot: Some((mark.line + 1, mark.column + 1)),
        };
        let documents = yaml::parse(text).map_err(|error| Remark {
            place: place(error.place()),
            text: format!("invalid YAML: {}", error.message),
        })?;
        if let Some(node) = documents.get(1).filter(|node| !node.is_null()) {
            let text = "only the first document of a file is read".to_owned();
            repeated.push(Remark { place: place(node.mark), text });
        }
        let root = match documents.first() {
            Some(node) => entry(node, &place, &expand, repeated)?,
            None => Entry { value: Value::Null, place: place(yaml::Mark::default()) },
        };
        match root.value {
            Value::Map(_) => Ok(root),
            Value::Null => Ok(Entry { value: Value::Map(Vec::new()), place: root.place }),
            _ => Err(Remark {
                place: root.place,
                text: "a configuration must consist of 'key: value' pairs".to_owned(),
            }),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        let Value::Map(pairs) = &self.value else { return None };
        pairs.iter().find(|(name, _)| name == key).map(|(_, entry)| entry)
    }

    /// The value at a path of keys, written `a.b.c`.
    pub fn at(&self, path: &str) -> Option<&Entry> {
        path.split('.').try_fold(self, |entry, key| entry.get(key))
    }

    /// Merges another file into this one.
    pub(crate) fn lay(&mut self, over: Entry, strategy: Strategy) {
        let Value::Map(pairs) = over.value else { return };
        for (key, new) in pairs {
            let slot = self.slot(&key, &new.place);
            let is_new = slot.value == Value::Null;
            match (strategy, &mut slot.value, new.value) {
                (Strategy::AddOnly, ..) if !is_new => {}
                (Strategy::Append, Value::List(old), Value::List(more)) => old.extend(more),
                (_, _, value) => *slot = Entry { value, place: new.place },
            }
        }
    }

    /// Sets a value from the command line: `a.b=c`, `list[]=c` (appended), `list[0]=c`. As in Falco, the value is a plain string
    /// unless it is `{…}`; for a key that is a list it may also be `[…]`. A backslash before `.`, `[`, `]` or `\` in a key
    /// escapes that character.
    pub fn set(&mut self, argument: &str) -> Result<(), Remark> {
        let place = Place { origin: argument.into(), spot: None };
        let wrong = |text: String| Remark { place: place.clone(), text };
        let Some((path, text)) = argument.split_once('=') else {
            return Err(wrong("an override must be key=value, as in json_output=true".to_owned()));
        };
        let path = path.trim();
        let is_object = text.starts_with('{') && text.ends_with('}');
        let is_list = text.starts_with('[') && text.ends_with(']') && LISTS.contains(&path);
        let value = if is_object || is_list {
            let documents =
                yaml::parse(text).map_err(|error| wrong(format!("invalid YAML: {}", error.message)))?;
            match documents.first() {
                Some(node) => entry(node, &|_| place.clone(), &str::to_owned, &mut Vec::new())?.value,
                None => Value::Null,
            }
        } else {
            Value::Text(text.to_owned())
        };
        let mut slot = self;
        for step in steps(path).ok_or_else(|| wrong(format!("invalid key '{path}'")))? {
            slot = match &step {
                Step::Key(key) => slot.slot(key, &place),
                Step::Element(index) => slot
                    .element(index, &place)
                    .ok_or_else(|| wrong(format!("this list has no element [{index}]")))?,
            };
        }
        *slot = Entry { value, place };
        Ok(())
    }

    /// The value of a key; this value becomes a map if it is none.
    fn slot(&mut self, key: &str, place: &Place) -> &mut Entry {
        if !matches!(self.value, Value::Map(_)) {
            *self = Entry { value: Value::Map(Vec::new()), place: place.clone() };
        }
        let Value::Map(pairs) = &mut self.value else { unreachable!("it was made one") };
        let at = pairs.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
            pairs.push((key.to_owned(), Entry { value: Value::Null, place: place.clone() }));
            pairs.len() - 1
        });
        &mut pairs[at].1
    }

    /// The element of a list with this index, or a new one after the last.
    fn element(&mut self, index: &str, place: &Place) -> Option<&mut Entry> {
        if !matches!(self.value, Value::List(_)) {
            *self = Entry { value: Value::List(Vec::new()), place: place.clone() };
        }
        let Value::List(items) = &mut self.value else { unreachable!("it was made one") };
        let at = if index.is_empty() { items.len() } else { index.parse().ok()? };
        if at == items.len() {
            items.push(Entry { value: Value::Null, place: place.clone() });
        }
        items.get_mut(at)
    }
}

/// The steps of `a.b[0].c`; nothing if the path is not one.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut key = String::new();
    let mut letters = path.chars();
    // After an element comes a dot or another element.
    let mut after_element = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => key.push(letters.next().filter(|next| r".[]\".contains(*next))?),
            '.' | '[' => {
                if !key.is_empty() {
                    steps.push(Step::Key(std::mem::take(&mut key)));
                } else if !after_element {
                    return None;
                }
                after_element = letter == '[';
                if after_element {
                    let mut index = String::new();
                    loop {
                        match letters.next()? {
                            ']' => break,
                            digit => index.push(digit),
                        }
                    }
                    steps.push(Step::Element(index));
                }
            }
            _ if after_element => return None,
            _ => key.push(letter),
        }
    }
    match key.is_empty() {
        true if after_element => {}
        true => return None,
        false => steps.push(Step::Key(key)),
    }
    Some(steps)
}

fn entry(
    node: &Node,
    place: &dyn Fn(yaml::Mark) -> Place,
    text: &dyn Fn(&str) -> String,
    repeated: &mut Vec<Remark>,
) -> Result<Entry, Remark> {
    let here = place(node.mark);
    let value = match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Scalar(scalar) => Value::Text(text(scalar)),
        NodeKind::Sequence(items) => {
            let items = items.iter().map(|item| entry(item, place, text, repeated));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        NodeKind::Mapping(pairs) => {
            let mut known: BTreeMap<&str, usize> = BTreeMap::new();
            let mut map = Vec::with_capacity(pairs.len());
            for (key, value) in pairs {
                let Some(name) = key.scalar() else {
                    return Err(Remark { place: place(key.mark), text: "a key must be a string".to_owned() });
                };
                if let Some(line) = known.get(name) {
                    let text =
                        format!("'{name}' is given twice; the first value, in line {}, is used", line + 1);
                    repeated.push(Remark { place: place(key.mark), text });
                    continue;
                }
                known.insert(name, key.mark.line);
                map.push((name.to_owned(), entry(value, place, text, repeated)?));
            }
            Value::Map(map)
        }
    };
    Ok(Entry { value, place: here })
}

/// Expands environment variables: `${NAME}`, empty if it is not set; `$${NAME}` is the text `${NAME}`.
fn expand(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, behind) = rest.split_at(at);
        let Some(end) = behind.find('}') else { break };
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str(&behind[..=end]);
        } else {
            out.push_str(before);
            out.push_str(&std::env::var(&behind[2..end]).unwrap_or_default());
        }
        rest = &behind[end + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Entry {
        Entry::parse("f.yaml", text, &mut Vec::new()).expect("a configuration")
    }

    fn text(root: &Entry, path: &str) -> Option<String> {
        match &root.at(path)?.value {
            Value::Text(text) => Some(text.clone()),
            Value::List(items) => {
                Some(format!("{:?}", items.iter().map(|item| text_of(item).to_owned()).collect::<Vec<_>>()))
            }
            _ => None,
        }
    }

    fn text_of(entry: &Entry) -> &str {
        match &entry.value {
            Value::Text(text) => text,
            _ => "",
        }
    }

    #[test]
    fn values_have_places() {
        let root = parse("a: 1\nb:\n  c: [x, y]\n");
        assert_eq!(text(&root, "b.c").as_deref(), Some(r#"["x", "y"]"#));
        assert_eq!(root.at("b.c").map(|entry| entry.place.to_string()).as_deref(), Some("f.yaml:3:6"));
        for (bad, expected) in [
            ("- a\n", "f.yaml:1:1: a configuration must consist of 'key: value' pairs"),
            ("[a]: 1\n", "f.yaml:1:1: a key must be a string"),
        ] {
            assert_eq!(
                Entry::parse("f.yaml", bad, &mut Vec::new()).expect_err("wrong").to_string(),
                expected
            );
        }
        assert!(Entry::parse("f.yaml", "a: [\n", &mut Vec::new()).is_err());
    }

    #[test]
    fn of_a_key_given_twice_the_first_counts() {
        let mut repeated = Vec::new();
        let text_of_file = "a: true\nb:\n  c: 1\n  c: 2\na: false\n";
        let root = Entry::parse("f.yaml", text_of_file, &mut repeated).expect("a configuration");
        assert_eq!((text(&root, "a").as_deref(), text(&root, "b.c").as_deref()), (Some("true"), Some("1")));
        let repeated: Vec<String> = repeated.iter().map(Remark::to_string).collect();
        assert_eq!(
            repeated,
            [
                "f.yaml:4:3: 'c' is given twice; the first value, in line 3, is used",
                "f.yaml:5:1: 'a' is given twice; the first value, in line 1, is used",
            ]
        );
    }

    #[test]
    fn values_of_overrides_are_plain_texts() {
        let mut root = parse("{}");
        for (argument, path, expected) in [
            ("http_output.user_agent=@x", "http_output.user_agent", "@x"),
            ("program_output.program=[ -f x ] && cat", "program_output.program", "[ -f x ] && cat"),
            ("file_output.filename=a: b # ${HOME}", "file_output.filename", "a: b # ${HOME}"),
            (r"labels.a\.b=*", r"labels", "*"),
        ] {
            root.set(argument).expect("an override");
            let found = match path {
                "labels" => root.get("labels").and_then(|labels| labels.get("a.b")).map(text_of),
                _ => root.at(path).map(text_of),
            };
            assert_eq!(found, Some(expected), "{argument}");
        }
        for argument in ["rules[].disable.rule=*", "append_output[].extra_output=%proc.cmdline"] {
            root.set(argument).expect("an override");
        }
        root.set("append_output[]={match: {source: syscall}, extra_output: x}").expect("an override");
        let Some(Value::List(items)) = root.get("append_output").map(|entry| &entry.value) else {
            panic!("{root:?}")
        };
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].at("extra_output").map(text_of), Some("%proc.cmdline"));
        assert_eq!(items[1].at("match.source").map(text_of), Some("syscall"));
    }

    #[test]
    fn overrides_reach_every_value() {
        let mut root = parse("json_output: false\nrules_files: [a]\nfile_output:\n  enabled: false\n");
        for argument in [
            "json_output=true",
            "file_output.enabled=true",
            "rules_files[]=b",
            "rules_files[0]=c",
            "new.key=v",
            "base_syscalls.custom_set=[p, q]",
        ] {
            root.set(argument).expect("an override");
        }
        for (path, expected) in [
            ("json_output", "true"),
            ("file_output.enabled", "true"),
            ("rules_files", r#"["c", "b"]"#),
            ("new.key", "v"),
            ("base_syscalls.custom_set", r#"["p", "q"]"#),
        ] {
            assert_eq!(text(&root, path).as_deref(), Some(expected), "{path}");
        }
        assert_eq!(root.at("new.key").map(|entry| entry.place.to_string()).as_deref(), Some("-o new.key=v"));
        for bad in ["json_output", "=1", "a..b=1", "rules_files[9]=x", "rules_files[x]=y", "a={]}", "a[0]b=1"]
        {
            assert!(root.set(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn files_are_laid_over_each_other() {
        let check = |strategy, list: &str, old: &str| {
            let mut root = parse("list: [a]\nold: 1\n");
            root.lay(parse("list: [b]\nold: 2\nnew: 3\n"), strategy);
            assert_eq!(text(&root, "list").as_deref(), Some(list));
            assert_eq!(text(&root, "old").as_deref(), Some(old));
            assert_eq!(text(&root, "new").as_deref(), Some("3"));
        };
        check(Strategy::Append, r#"["a", "b"]"#, "2");
        check(Strategy::Override, r#"["b"]"#, "2");
        check(Strategy::AddOnly, r#"["a"]"#, "1");
    }

    #[test]
    fn variables_of_the_environment_are_put_in() {
        let home = std::env::var("HOME").unwrap_or_default();
        assert_eq!(expand("${HOME}/x"), format!("{home}/x"));
        assert_eq!(expand("a${TERCEL_NO_SUCH_VARIABLE}b"), "ab");
        assert_eq!(expand("$${HOME} ${"), "${HOME} ${");
    }
}
