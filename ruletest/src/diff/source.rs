//! Rule files as they are now or as they were at a revision of git: paths enter, texts leave in the order of loading. The program
//! `git` is asked for the bytes of the objects; nothing of the working tree is read or changed for a revision.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use tercel_rules::files::{self, RuleFile};

use crate::error::RunError;

/// Where rules come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSource {
    /// Rule files and directories of them, in the order of loading.
    pub paths: Vec<PathBuf>,
    /// The revision at which they are read; as they are in the working tree without one.
    pub revision: Option<String>,
}

/// Why rule files cannot be read at a revision.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// git cannot be started.
    #[error("cannot run git: {0}")]
    Git(io::Error),
    /// git knows no such revision, or the directory is in no repository.
    #[error("{}: revision '{revision}': {reason}", .directory.display())]
    Unknown {
        /// Where git was asked.
        directory: PathBuf,
        /// The revision.
        revision: String,
        /// What git said.
        reason: String,
    },
    /// The revision has no such file or directory.
    #[error("{}: not at revision '{revision}'", .path.display())]
    Missing {
        /// The path.
        path: PathBuf,
        /// The revision.
        revision: String,
    },
    /// It is something else than a file there: a link, a submodule.
    #[error("{}: neither a file nor a directory at revision '{revision}'", .path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
        /// The revision.
        revision: String,
    },
    /// A directory holds no rule file there.
    #[error("{}: no *.yaml file in this directory at revision '{revision}'", .path.display())]
    Empty {
        /// The directory.
        path: PathBuf,
        /// The revision.
        revision: String,
    },
}

impl RuleSource {
    /// Reads the files.
    pub(super) fn read(&self) -> Result<Vec<RuleFile>, RunError> {
        let Some(revision) = &self.revision else { return Ok(files::read(&self.paths)?) };
        let mut found = Vec::new();
        for path in &self.paths {
            found.extend(At::new(path, revision)?.files()?);
        }
        Ok(found)
    }
}

/// A path at a revision.
struct At<'p> {
    path: &'p Path,
    revision: &'p str,
    /// The nearest directory that exists now, where git is asked.
    directory: PathBuf,
    /// The commit.
    commit: String,
    /// The path from that directory on, as git writes it.
    below: String,
}

impl<'p> At<'p> {
    fn new(path: &'p Path, revision: &'p str) -> Result<At<'p>, RevisionError> {
        let missing = || RevisionError::Missing { path: path.to_owned(), revision: revision.to_owned() };
        let parent = path.parent().unwrap_or(Path::new(""));
        let existing = parent.ancestors().find(|directory| here(directory).is_dir());
        let directory = here(existing.unwrap_or(Path::new(""))).to_owned();
        let below = path.strip_prefix(existing.unwrap_or(Path::new(""))).map_err(|_| missing())?;
        let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        let is_above = path.file_name().is_none() || !below.components().all(is_plain);
        // What ends in dots is a directory that exists.
        let (directory, below) = match is_above {
            true => (here(path).to_owned(), String::new()),
            false => (directory, below.to_str().ok_or_else(missing)?.to_owned()),
        };
        let mut at = At { path, revision, directory, commit: String::new(), below };
        at.commit = at.resolved()?;
        Ok(at)
    }

    /// The commit that the revision names. What git would take for an option is no revision.
    fn resolved(&self) -> Result<String, RevisionError> {
        let commit = format!("{}^{{commit}}", self.revision);
        let said = self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        match said {
            Ok(out) if !out.is_empty() => Ok(String::from_utf8_lossy(&out).trim().to_owned()),
            Ok(_) => Err(self.unknown("git names no commit")),
            Err(reason) if reason.is_empty() => Err(self.unknown("no such revision")),
            Err(reason) => Err(self.unknown(&reason)),
        }
    }

    fn files(&self) -> Result<Vec<RuleFile>, RevisionError> {
        let missing =
            |_| RevisionError::Missing { path: self.path.to_owned(), revision: self.revision.to_owned() };
        let object = format!("{}:./{}", self.commit, self.below);
        let kind = self.git(&["cat-file", "-t", &object])?.map_err(missing)?;
        match kind.trim_ascii() {
            b"blob" => Ok(vec![self.file(&self.below, self.path)?]),
            b"tree" => self.directory(&object),
            _ => Err(self.no_file(self.path)),
        }
    }

    /// The rule files of a directory, in the order in which `files::read` has them.
    fn directory(&self, object: &str) -> Result<Vec<RuleFile>, RevisionError> {
        let listed =
            self.git(&["ls-tree", "-z", "--full-tree", object])?.map_err(|reason| self.unknown(&reason))?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let mut names: Vec<&Path> = Vec::new();
        for entry in listed.split('\0') {
            let Some((about, name)) = entry.split_once('\t') else { continue };
            let name = Path::new(name);
            let is_yaml = name.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
            if is_yaml && about.contains(" blob ") {
                names.push(name);
            }
        }
        names.sort_by_key(|name| name.file_stem().map(|stem| stem.to_owned()));
        if names.is_empty() {
            return Err(RevisionError::Empty {
                path: self.path.to_owned(),
                revision: self.revision.to_owned(),
            });
        }
        let below = |name: &Path| Path::new(&self.below).join(name).display().to_string();
        names.into_iter().map(|name| self.file(&below(name), &self.path.join(name))).collect()
    }

    /// One file. What its name is a link to is not followed: it may lie anywhere.
    fn file(&self, below: &str, path: &Path) -> Result<RuleFile, RevisionError> {
        let listed = self.git(&["ls-tree", &self.commit, "--", &format!("./{below}")])?.unwrap_or_default();
        if listed.starts_with(b"120000") {
            return Err(self.no_file(path));
        }
        let object = format!("{}:./{below}", self.commit);
        let bytes = self.git(&["cat-file", "blob", &object])?.map_err(|reason| self.unknown(&reason))?;
        Ok(RuleFile { name: format!("{}:{}", self.revision, path.display()), bytes })
    }

    fn unknown(&self, reason: &str) -> RevisionError {
        RevisionError::Unknown {
            directory: self.directory.clone(),
            revision: self.revision.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn no_file(&self, path: &Path) -> RevisionError {
        RevisionError::NoFile { path: path.to_owned(), revision: self.revision.to_owned() }
    }

    /// What git prints, or the first line of what it says is wrong.
    fn git(&self, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, RevisionError> {
        let mut command = Command::new("git");
        command.arg("--no-pager").arg("-C").arg(&self.directory).args(arguments);
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null());
        let output = command.output().map_err(RevisionError::Git)?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let first = said.lines().next().unwrap_or_default();
        Ok(Err(first.strip_prefix("fatal: ").unwrap_or(first).to_owned()))
    }
}

/// A directory as it can be opened: the empty path is the working directory.
fn here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}
