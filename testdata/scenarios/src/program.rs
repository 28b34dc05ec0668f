//! A program as it is started: path, arguments, environment and what is special about its file.

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Program {
    pub(crate) path: String,
    pub(crate) argv0: String,
    pub(crate) args: Vec<String>,
    pub(crate) env: Option<Vec<String>>,
    pub(crate) tty: Option<u32>,
    pub(crate) upper_layer: bool,
    pub(crate) memfd: bool,
}

impl Program {
    /// A command line as one types it: words apart by blanks, single quotes around what belongs together. A command
    /// without a slash lies in /usr/bin.
    pub fn line(line: &str) -> Program {
        let mut words = words(line).into_iter();
        let argv0 = words.next().unwrap_or_default();
        let path = if argv0.contains('/') { argv0.clone() } else { format!("/usr/bin/{argv0}") };
        Program { path, argv0, args: words.collect(), env: None, tty: None, upper_layer: false, memfd: false }
    }

    /// The file that is run, where it is not what the command line says.
    pub fn at(mut self, path: &str) -> Program {
        self.path = path.to_owned();
        self
    }

    /// Adds a variable to an environment of its own.
    pub fn env(mut self, variable: &str) -> Program {
        self.env.get_or_insert_with(standard_environment).push(variable.to_owned());
        self
    }

    /// Gives it a terminal.
    pub fn on_terminal(mut self) -> Program {
        self.tty = Some(TERMINAL);
        self
    }

    /// Its file was written after the container started.
    pub fn written_later(mut self) -> Program {
        self.upper_layer = true;
        self
    }

    /// Its file is an anonymous memory file.
    pub fn in_memory(mut self) -> Program {
        self.memfd = true;
        self
    }

    /// Name of the process, which the kernel takes from the file and cuts after 15 bytes.
    pub(crate) fn comm(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.chars().take(15).collect()
    }
}

impl From<&str> for Program {
    fn from(line: &str) -> Program {
        Program::line(line)
    }
}

/// Number of the terminal /dev/pts/0.
pub(crate) const TERMINAL: u32 = 34816;

/// The environment of processes that are not given one.
pub(crate) fn standard_environment() -> Vec<String> {
    ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        .map(str::to_owned)
        .to_vec()
}

fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                begun = true;
            }
            ' ' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(letter);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_cut_into_words() {
        fn check(line: &str, path: &str, args: &[&str]) {
            let program = Program::line(line);
            assert_eq!(program.path, path, "{line}");
            assert_eq!(program.args, args, "{line}");
        }
        check("ls", "/usr/bin/ls", &[]);
        check("/opt/x -a  b", "/opt/x", &["-a", "b"]);
        check("sh -c 'id; ls'", "/usr/bin/sh", &["-c", "id; ls"]);
        check("grep '' x", "/usr/bin/grep", &["", "x"]);
    }

    #[test]
    fn names_are_cut_as_the_kernel_does() {
        assert_eq!(Program::line("update-alternatives --all").comm(), "update-alternat");
    }
}
