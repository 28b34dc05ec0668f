//! The tree of processes: rows and the alerts of processes enter; who is above whom, and the tree as HTML, leave.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crate::tables::{ProcessId, children};

use super::plots;
use super::rows::Rows;
use super::visible::shortened;

/// Most processes that are drawn; those with alerts come first.
const MOST: usize = 3000;
/// Deeper ones are drawn beside their parents.
const DEEPEST: usize = 48;

/// Who started whom.
pub(super) struct Family<'a> {
    processes: Rows<'a>,
    by_id: HashMap<ProcessId, usize>,
    children: BTreeMap<Option<usize>, Vec<usize>>,
    parents: HashMap<usize, usize>,
}

/// The alerts of a process: how many, and how urgent the most urgent is.
pub(super) type Marks = HashMap<ProcessId, (u64, u64)>;

impl<'a> Family<'a> {
    pub(super) fn new(processes: Rows<'a>) -> Family<'a> {
        let ids = processes.rows.iter().enumerate();
        let by_id = ids.filter_map(|(index, row)| Some((processes.process(row)?, index))).collect();
        let children = children(processes.info, processes.rows);
        let pairs = children.iter().filter_map(|(parent, inner)| Some(((*parent)?, inner)));
        let parents =
            pairs.flat_map(|(parent, inner)| inner.iter().map(move |child| (*child, parent))).collect();
        Family { processes, by_id, children, parents }
    }

    /// A process and those above it, nearest first.
    fn line(&self, id: ProcessId) -> Vec<usize> {
        let mut line: Vec<usize> = self.by_id.get(&id).copied().into_iter().collect();
        while let Some(parent) = line.last().and_then(|last| self.parents.get(last)) {
            // A made up capture may have circles.
            if line.len() > 256 || line.contains(parent) {
                break;
            }
            line.push(*parent);
        }
        line
    }

    /// The command lines of a process and of those above it, nearest first, with their pids.
    pub(super) fn ancestry(&self, id: ProcessId) -> Vec<(String, String)> {
        let line = self.line(id);
        line.into_iter().take(12).map(|index| (self.text(index, "pid"), self.cmdline(index))).collect()
    }

    /// The highest process above one that was started in the capture; the process itself if there is none.
    pub(super) fn origin(&self, id: ProcessId) -> Option<usize> {
        let line = self.line(id);
        let started = line
            .iter()
            .take_while(|index| self.processes.number(&self.processes.rows[**index], "start") != 0);
        started.last().or(line.first()).copied()
    }

    pub(super) fn text(&self, index: usize, column: &str) -> String {
        self.processes.text(&self.processes.rows[index], column)
    }

    /// The command line, or the name where it is not known.
    pub(super) fn cmdline(&self, index: usize) -> String {
        let line = self.text(index, "cmdline");
        shortened(if line.is_empty() { "?" } else { &line }, 200)
    }

    /// The tree as HTML. Branches with alerts are open, others closed.
    pub(super) fn html(&self, marks: &Marks) -> String {
        let marked: Vec<ProcessId> = marks.keys().copied().collect();
        let mut is_above = vec![false; self.processes.rows.len()];
        for id in marked {
            for index in self.line(id).into_iter().skip(1) {
                is_above[index] = true;
            }
        }
        let mark = |index: usize| {
            self.processes.process(&self.processes.rows[index]).and_then(|id| marks.get(&id)).copied()
        };
        let shown = self.chosen(|index| is_above[index] || mark(index).is_some());
        let mut html = String::new();
        let mut is_drawn = vec![false; self.processes.rows.len()];
        let roots = self.children.get(&None).map(Vec::as_slice).unwrap_or_default();
        // None stands for the end of a branch.
        let mut stack: Vec<Option<(usize, usize)>> =
            roots.iter().rev().map(|root| Some((*root, 0))).collect();
        while let Some(next) = stack.pop() {
            let Some((index, depth)) = next else {
                html.push_str("</div></details>\n");
                continue;
            };
            if !shown[index] || std::mem::replace(&mut is_drawn[index], true) {
                continue;
            }
            let inner = self.children.get(&Some(index)).map(Vec::as_slice).unwrap_or_default();
            let inner: Vec<usize> = inner.iter().copied().filter(|child| shown[*child]).collect();
            let is_branch = !inner.is_empty() && depth < DEEPEST;
            self.push_process(&mut html, index, mark(index), is_branch, is_above[index], inner.len());
            if is_branch {
                stack.push(None);
            }
            let depth = if depth < DEEPEST { depth + 1 } else { depth };
            stack.extend(inner.iter().rev().map(|child| Some((*child, depth))));
        }
        let left = shown.iter().filter(|is| !**is).count();
        if left > 0 {
            let _ = write!(
                html,
                "<p class=\"note\">{left} more processes without alerts are not drawn; 'tercel ps' shows all.</p>"
            );
        }
        html
    }

    /// Which processes are drawn: those that matter, then others from the top, as many as there is room for.
    fn chosen(&self, matters: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut shown: Vec<bool> = (0..self.processes.rows.len()).map(&matters).collect();
        let mut room = MOST.saturating_sub(shown.iter().filter(|is| **is).count());
        let mut queue: std::collections::VecDeque<usize> =
            self.children.get(&None).into_iter().flatten().copied().collect();
        let mut is_seen = vec![false; shown.len()];
        while let Some(index) = queue.pop_front().filter(|_| room > 0) {
            if std::mem::replace(&mut is_seen[index], true) {
                continue;
            }
            room -= usize::from(!std::mem::replace(&mut shown[index], true));
            queue.extend(self.children.get(&Some(index)).into_iter().flatten());
        }
        shown
    }

    fn push_process(
        &self,
        html: &mut String,
        index: usize,
        mark: Option<(u64, u64)>,
        is_branch: bool,
        is_open: bool,
        inner: usize,
    ) {
        let pid = self.text(index, "pid");
        let user = self.text(index, "user");
        let container = self.text(index, "container");
        let mut line =
            format!("<span class=\"pid\">{pid}</span> <code>{}</code>", escaped(&self.cmdline(index)));
        for part in [&user, &container].into_iter().filter(|part| !part.is_empty()) {
            let _ = write!(line, " <span class=\"dim\">{}</span>", escaped(part));
        }
        if let Some((count, severity)) = mark {
            let noun = if count == 1 { "alert" } else { "alerts" };
            let _ = write!(line, " <span class=\"badge b{}\">{count} {noun}</span>", plots::class(severity));
        }
        if is_branch && !is_open {
            let _ = write!(line, " <span class=\"dim\">+{inner}</span>");
        }
        let open = if is_open { " open" } else { "" };
        let _ = match is_branch {
            true => writeln!(html, "<details{open}><summary>{line}</summary><div class=\"branch\">"),
            false => writeln!(html, "<div class=\"leaf\">{line}</div>"),
        };
    }
}

/// Text in HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
