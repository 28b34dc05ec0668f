//! Path prefixes by components, for `pmatch` (reference language 5.7, 5.8).

use rustc_hash::FxHashMap;

use super::glob::Glob;

/// A set of paths that can be asked whether one of them is a prefix of another path.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathTree {
    /// A path of the set ends here: everything below matches.
    end: bool,
    exact: FxHashMap<Box<[u8]>, PathTree>,
    /// Components with `?`, `*` or `[`. Each is asked about the component at its own level; the reference walks on after
    /// the first of several patterns that fits in vain (5.8), which depends on the order of a hash table.
    patterns: Vec<(Box<[u8]>, Glob, PathTree)>,
}

impl PathTree {
    /// The set of `paths`. Empty components do not count, so that `/` is a prefix of everything.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a [u8]>) -> PathTree {
        let mut root = PathTree::default();
        for path in paths {
            let mut tree = &mut root;
            for component in components(path) {
                tree = tree.child(component);
            }
            tree.end = true;
        }
        root
    }

    /// Whether a path of the set is a prefix of `path`, or `path` itself.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.walk(components(path))
    }

    fn walk<'p>(&self, mut rest: impl Iterator<Item = &'p [u8]> + Clone) -> bool {
        if self.end {
            return true;
        }
        let Some(component) = rest.next() else { return false };
        if let Some(tree) = self.exact.get(component)
            && tree.walk(rest.clone())
        {
            return true;
        }
        self.patterns.iter().any(|(_, glob, tree)| glob.matches(component) && tree.walk(rest.clone()))
    }

    fn child(&mut self, component: &[u8]) -> &mut PathTree {
        if !component.iter().any(|b| matches!(b, b'?' | b'*' | b'[')) {
            return self.exact.entry(component.into()).or_default();
        }
        let known = self.patterns.iter().position(|(text, ..)| **text == *component);
        let index = known.unwrap_or_else(|| {
            self.patterns.push((component.into(), Glob::new(component, false), PathTree::default()));
            self.patterns.len() - 1
        });
        &mut self.patterns[index].2
    }
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    path.split(|b| *b == b'/').filter(|component| !component.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_whole_components() {
        let check = |paths: &[&str], path: &str, expected: bool| {
            let tree = PathTree::new(paths.iter().map(|p| p.as_bytes()));
            assert_eq!(tree.matches(path.as_bytes()), expected, "{paths:?} {path}");
        };
        let some = &["/var/run", "/etc", "/usr/lib", "/usr"];
        check(some, "/var/run/docker", true);
        check(some, "/var/run", true);
        check(some, "/var/runs", false);
        check(some, "/var", false);
        check(some, "/usr/share", true);
        check(some, "//usr///share/", true);
        check(some, "etc/passwd", true);
        check(some, "/boot", false);
        check(some, "", false);
        check(&["/"], "", true);
        check(&["/"], "/anything", true);
        check(&[], "/anything", false);
        check(&["/home/*/.ssh"], "/home/u/.ssh/id", true);
        check(&["/home/*/.ssh"], "/home/u/v/.ssh", false);
        check(&["/home/u/bin", "/home/*/.ssh"], "/home/u/.ssh", true);
        check(&["/a*/x", "/ab/y", "/*b/z"], "/ab/z", true);
    }
}
