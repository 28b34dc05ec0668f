//! sysdig's chisels: the name of one enters, the command that answers the same question leaves. docs/from-sysdig.md shows the table.

/// The answer to chisels about times.
const TIMES: &str =
    "`record --latency` measures how long calls take: `evt.latency` in filters, exports and SQL";

/// Chisels, and the commands that answer them; text that is no command says why there is none.
const CHISELS: &[(&[&str], &str)] = &[
    (&["ps"], "tercel ps TRACE"),
    (&["lsof"], "tercel fds TRACE"),
    (&["netstat"], "tercel net TRACE"),
    (&["lscontainers"], "tercel containers TRACE"),
    (&["topprocs_net"], "tercel top --sort net_read TRACE"),
    (&["topprocs_file"], "tercel top --sort file_read TRACE"),
    (&["topprocs_errors"], "tercel top --sort errors TRACE"),
    (&["topprocs_cpu"], "tercel top --sort cpu_user TRACE"),
    (&["topcontainers_cpu"], "tercel top --by container TRACE"),
    (&["topfiles_bytes"], "tercel top --by file TRACE"),
    (&["topfiles_errors"], "tercel top --by file --sort errors TRACE"),
    (&["topconns"], "tercel top --by connection TRACE"),
    (&["topports_server"], "tercel table connections --by local_port --sort bytes TRACE"),
    (&["topscalls"], "tercel top --by syscall TRACE"),
    (&["topcontainers_net"], "tercel top --by container --sort net_read TRACE"),
    (&["topcontainers_file"], "tercel top --by container --sort file_read TRACE"),
    (&["topcontainers_error"], "tercel top --by container --sort errors TRACE"),
    (&["fdbytes_by"], "tercel table files --by path --sort bytes TRACE"),
    (&["fdcount_by"], "tercel fds TRACE"),
    (&["proc_exec_time"], "tercel table processes --sort duration TRACE"),
    (&["spy_users", "list_login_shells"], "tercel users TRACE"),
    (&["echo_fds"], "tercel follow TRACE"),
    (&["spy_ip"], "tercel follow TRACE fd.ip=ADDRESS"),
    (&["spy_port"], "tercel follow TRACE fd.port=PORT"),
    (&["spy_file"], "tercel follow TRACE fd.name=PATH"),
    (&["spy_logs"], "tercel follow --written TRACE fd.name contains log"),
    (&["spy_syslog"], "tercel follow --written TRACE evt.is_syslog=true"),
    (&["stdin"], "tercel follow --read TRACE fd.num=0"),
    (&["stdout"], "tercel follow --written TRACE fd.num=1"),
    (&["stderr"], "tercel follow --written TRACE fd.num=2"),
    (&["httplog"], "tercel table http TRACE"),
    (&["httptop"], "tercel table http --by url --sort response_bytes TRACE"),
    (&["iobytes", "iobytes_net", "iobytes_file"], "tercel table streams --by type --sort read TRACE"),
    (&["fileslower"], "tercel events TRACE fd.type=file and evt.latency > 1000000"),
    (&["netlower"], "tercel events TRACE fd.l4proto exists and evt.latency > 10000000"),
    (&["scallslower"], "tercel events TRACE evt.latency > 1000000000"),
    (&["shellshock_detect"], "tercel events TRACE evt.type=execve and proc.env contains '() {'"),
    (&["bottlenecks", "fdtime_by", "spectrogram", "topfiles_time", "topscalls_time"], TIMES),
];

/// What to use instead of the chisels that sum by a field, for the field that is their argument.
const BY_FIELD: &[(&[&str], &str)] = &[
    (&["fd.sport", "fd.lport"], "tercel table connections --by local_port --sort bytes TRACE"),
    (&["fd.rport"], "tercel table connections --by remote_port --sort bytes TRACE"),
    (&["fd.cip", "fd.rip", "fd.ip"], "tercel table connections --by remote_address --sort bytes TRACE"),
    (&["fd.directory"], "tercel table files --by directory --sort bytes TRACE"),
    (&["proc.name"], "tercel table files --by name --sort bytes TRACE"),
    (&["fd.type"], "tercel table streams --by type --sort read TRACE"),
    (&["container.name", "container.id"], "tercel top --by container TRACE"),
];

/// What to use instead of a chisel with this argument.
pub fn instead(chisel: &str, argument: &str) -> Option<&'static str> {
    if ["fdbytes_by", "fdcount_by"].contains(&chisel)
        && let Some((_, command)) = BY_FIELD.iter().find(|(fields, _)| fields.contains(&argument))
    {
        return Some(command);
    }
    CHISELS.iter().find(|(names, _)| names.contains(&chisel)).map(|(_, command)| *command)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_page_shows_the_table() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-sysdig.md");
        let page = fs::read_to_string(page).expect("the page");
        for (names, command) in CHISELS {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let command =
                if command.starts_with("tercel ") { format!("`{command}`") } else { (*command).to_owned() };
            let row = format!("| {} | {command} |", names.join(", "));
            assert!(page.contains(&row), "missing in docs/from-sysdig.md:\n{row}");
        }
        for (fields, command) in BY_FIELD {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            let row = format!("| `fdbytes_by`, `fdcount_by` with {} | `{command}` |", fields.join(", "));
            assert!(page.contains(&row), "missing in docs/from-sysdig.md:\n{row}");
        }
    }

    #[test]
    fn chisels_lead_to_commands() {
        assert_eq!(instead("lsof", ""), Some("tercel fds TRACE"));
        assert_eq!(instead("spectrogram", ""), Some(TIMES));
        let by_port = "tercel table connections --by local_port --sort bytes TRACE";
        assert_eq!(instead("fdcount_by", "fd.sport"), Some(by_port));
        assert_eq!(instead("no_such_chisel", ""), None);
    }
}
