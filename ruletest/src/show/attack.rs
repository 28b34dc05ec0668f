//! MITRE ATT&CK (Enterprise): the tactics and techniques that tags of rules name, with their names.

use tercel_rules::load::RuleInfo;

/// Tactics in the order of the matrix: the tag of rules, and the name.
const TACTICS: [(&str, &str); 14] = [
    ("mitre_reconnaissance", "Reconnaissance"),
    ("mitre_resource_development", "Resource Development"),
    ("mitre_initial_access", "Initial Access"),
    ("mitre_execution", "Execution"),
    ("mitre_persistence", "Persistence"),
    ("mitre_privilege_escalation", "Privilege Escalation"),
    ("mitre_defense_evasion", "Defense Evasion"),
    ("mitre_credential_access", "Credential Access"),
    ("mitre_discovery", "Discovery"),
    ("mitre_lateral_movement", "Lateral Movement"),
    ("mitre_collection", "Collection"),
    ("mitre_command_and_control", "Command and Control"),
    ("mitre_exfiltration", "Exfiltration"),
    ("mitre_impact", "Impact"),
];

/// Techniques that the shipped rules and those of Falco name, in the order of their numbers.
const TECHNIQUES: [(&str, &str); 106] = [
    ("T1003.007", "Proc Filesystem"),
    ("T1003.008", "/etc/passwd and /etc/shadow"),
    ("T1005", "Data from Local System"),
    ("T1006", "Direct Volume Access"),
    ("T1014", "Rootkit"),
    ("T1020", "Automated Exfiltration"),
    ("T1021.004", "SSH"),
    ("T1027", "Obfuscated Files or Information"),
    ("T1027.004", "Compile After Delivery"),
    ("T1033", "System Owner/User Discovery"),
    ("T1036", "Masquerading"),
    ("T1036.004", "Masquerade Task or Service"),
    ("T1036.005", "Match Legitimate Resource Name or Location"),
    ("T1037.004", "RC Scripts"),
    ("T1040", "Network Sniffing"),
    ("T1046", "Network Service Discovery"),
    ("T1048", "Exfiltration Over Alternative Protocol"),
    ("T1053.003", "Cron"),
    ("T1055.008", "Ptrace System Calls"),
    ("T1056.001", "Keylogging"),
    ("T1057", "Process Discovery"),
    ("T1059", "Command and Scripting Interpreter"),
    ("T1059.004", "Unix Shell"),
    ("T1068", "Exploitation for Privilege Escalation"),
    ("T1070", "Indicator Removal"),
    ("T1070.002", "Clear Linux or Mac System Logs"),
    ("T1070.003", "Clear Command History"),
    ("T1070.004", "File Deletion"),
    ("T1070.006", "Timestomp"),
    ("T1071", "Application Layer Protocol"),
    ("T1072", "Software Deployment Tools"),
    ("T1082", "System Information Discovery"),
    ("T1083", "File and Directory Discovery"),
    ("T1090.001", "Internal Proxy"),
    ("T1090.003", "Multi-hop Proxy"),
    ("T1095", "Non-Application Layer Protocol"),
    ("T1098", "Account Manipulation"),
    ("T1098.004", "SSH Authorized Keys"),
    ("T1105", "Ingress Tool Transfer"),
    ("T1110", "Brute Force"),
    ("T1113", "Screen Capture"),
    ("T1115", "Clipboard Data"),
    ("T1123", "Audio Capture"),
    ("T1125", "Video Capture"),
    ("T1132", "Data Encoding"),
    ("T1136.001", "Local Account"),
    ("T1140", "Deobfuscate/Decode Files or Information"),
    ("T1190", "Exploit Public-Facing Application"),
    ("T1195.002", "Compromise Software Supply Chain"),
    ("T1204", "User Execution"),
    ("T1204.003", "Malicious Image"),
    ("T1205.001", "Port Knocking"),
    ("T1205.002", "Socket Filters"),
    ("T1219", "Remote Access Tools"),
    ("T1222.002", "Linux and Mac File and Directory Permissions Modification"),
    ("T1485", "Data Destruction"),
    ("T1486", "Data Encrypted for Impact"),
    ("T1489", "Service Stop"),
    ("T1490", "Inhibit System Recovery"),
    ("T1496", "Resource Hijacking"),
    ("T1497.001", "System Checks"),
    ("T1505", "Server Software Component"),
    ("T1505.003", "Web Shell"),
    ("T1518.001", "Security Software Discovery"),
    ("T1528", "Steal Application Access Token"),
    ("T1529", "System Shutdown/Reboot"),
    ("T1539", "Steal Web Session Cookie"),
    ("T1543", "Create or Modify System Process"),
    ("T1543.002", "Systemd Service"),
    ("T1546", "Event Triggered Execution"),
    ("T1546.004", "Unix Shell Configuration Modification"),
    ("T1546.018", "Python Startup Hooks"),
    ("T1547.006", "Kernel Modules and Extensions"),
    ("T1548.001", "Setuid and Setgid"),
    ("T1548.003", "Sudo and Sudo Caching"),
    ("T1552", "Unsecured Credentials"),
    ("T1552.001", "Credentials In Files"),
    ("T1552.003", "Shell History"),
    ("T1552.004", "Private Keys"),
    ("T1552.005", "Cloud Instance Metadata API"),
    ("T1553.004", "Install Root Certificate"),
    ("T1554", "Compromise Host Software Binary"),
    ("T1555", "Credentials from Password Stores"),
    ("T1555.003", "Credentials from Web Browsers"),
    ("T1555.005", "Password Managers"),
    ("T1556", "Modify Authentication Process"),
    ("T1556.003", "Pluggable Authentication Modules"),
    ("T1557.002", "ARP Cache Poisoning"),
    ("T1560.001", "Archive via Utility"),
    ("T1561", "Disk Wipe"),
    ("T1562", "Impair Defenses"),
    ("T1562.001", "Disable or Modify Tools"),
    ("T1562.003", "Impair Command History Logging"),
    ("T1562.004", "Disable or Modify System Firewall"),
    ("T1562.012", "Disable or Modify Linux Audit System"),
    ("T1563.001", "SSH Hijacking"),
    ("T1564.001", "Hidden Files and Directories"),
    ("T1565", "Data Manipulation"),
    ("T1567", "Exfiltration Over Web Service"),
    ("T1572", "Protocol Tunneling"),
    ("T1574.006", "Dynamic Linker Hijacking"),
    ("T1609", "Container Administration Command"),
    ("T1610", "Deploy Container"),
    ("T1611", "Escape to Host"),
    ("T1620", "Reflective Code Loading"),
    ("T1622", "Debugger Evasion"),
];

/// The tactics that the tags of a rule name, tag and name, in the order of the matrix.
pub(super) fn tactics(rule: &RuleInfo) -> impl Iterator<Item = (&'static str, &'static str)> {
    TACTICS.into_iter().filter(|(tag, _)| rule.tags.contains(*tag))
}

/// All tactics, tag and name, in the order of the matrix.
pub(super) fn all_tactics() -> impl Iterator<Item = (&'static str, &'static str)> {
    TACTICS.into_iter()
}

/// The techniques that the tags of a rule name, such as `T1059` and `T1059.004`.
pub(super) fn techniques(rule: &RuleInfo) -> impl Iterator<Item = &str> {
    let is_technique = |tag: &str| {
        let Some(rest) = tag.strip_prefix('T') else { return false };
        let (number, part) = rest.split_once('.').map_or((rest, None), |(number, part)| (number, Some(part)));
        let is_number =
            |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(number, 4) && part.is_none_or(|part| is_number(part, 3))
    };
    rule.tags.iter().map(String::as_str).filter(move |tag| is_technique(tag))
}

/// A technique in Markdown: its number with a link to its page, and its name if it is known.
pub(super) fn link(technique: &str) -> String {
    let page = technique.replace('.', "/");
    let link = format!("[{technique}](https://attack.mitre.org/techniques/{page}/)");
    match TECHNIQUES.binary_search_by_key(&technique, |(number, _)| number) {
        Ok(at) => format!("{link} {}", TECHNIQUES[at].1),
        Err(_) => link,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_are_found_by_their_number() {
        assert!(TECHNIQUES.is_sorted_by_key(|(number, _)| *number));
        assert_eq!(link("T1496"), "[T1496](https://attack.mitre.org/techniques/T1496/) Resource Hijacking");
        assert_eq!(link("T9999.001"), "[T9999.001](https://attack.mitre.org/techniques/T9999/001/)");
    }

    #[test]
    fn every_technique_of_the_shipped_rules_has_a_name() {
        let rules = include_str!("../../../rules/tercel_rules.yaml");
        let tags = rules.lines().filter_map(|line| line.strip_prefix("  tags: [")?.strip_suffix(']'));
        let techniques = tags.flat_map(|tags| tags.split(", ")).filter(|tag| tag.starts_with("T1"));
        let unknown: Vec<&str> =
            techniques.filter(|tag| !TECHNIQUES.iter().any(|(number, _)| number == tag)).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }
}
