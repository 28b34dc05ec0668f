//! Signatures of traces: made by the binary and checked by it and by OpenSSH's `ssh-keygen`, whole, cut and forged.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use tercel_test_support::{Place, ran, require, tool};

const TRACE: &str = "testdata/traces/classic.scap";

/// A key of this kind without a passphrase, and the line that allows it.
fn key(keygen: &Path, place: &Place, name: &str, kind: &str) -> (String, String) {
    let path = place.name(name);
    let made = Command::new(keygen).args(["-q", "-N", "", "-C", "", "-t", kind, "-f", &path]).status();
    assert!(made.expect("ssh-keygen runs").success());
    let public = fs::read_to_string(format!("{path}.pub")).expect("a key");
    (path, format!("{name}@example.org namespaces=\"tercel-trace\" {public}"))
}

#[test]
fn signatures_are_those_of_openssh() {
    let Some(keygen) = require("signatures and OpenSSH", tool("ssh-keygen")) else { return };
    for kind in ["ed25519", "ecdsa"] {
        let place = Place::new("signed");
        let (alice, allows_alice) = key(&keygen, &place, "alice", kind);
        let (bob, allows_bob) = key(&keygen, &place, "bob", "ed25519");
        let allowed = place.file("allowed", &allows_alice).display().to_string();
        let only_bob = place.file("bobs", &allows_bob).display().to_string();
        let (plain, signed) = (place.name("plain.scap"), place.name("signed.scap"));
        ran(&["convert", "-q", "--chunk", "16KiB", "-w", &plain, TRACE], 0);
        ran(&["convert", "-q", "--chunk", "16KiB", "--sign", &alice, "-w", &signed, TRACE], 0);

        let found = ran(&["verify", "--allowed-signers", &allowed, &signed], 0);
        assert!(found.out.contains("signed by alice@example.org"), "{}", found.out);
        assert!(found.out.contains(": the whole trace"), "{}", found.out);
        assert!(ran(&["verify", "--fast", &signed], 0).out.contains("signed by a key"));
        ran(&["verify", "-q", "--allowed-signers", &only_bob, &signed], 3);
        ran(&["verify", "--allowed-signers", &allowed, &plain], 3);
        // Readers see no difference.
        let events = |path: &str| ran(&["events", path], 0).out;
        assert_eq!(events(&signed), events(&plain));

        // OpenSSH checks what is exported, for the namespace of traces and no other.
        let statement = place.name("statement");
        ran(&["verify", "--export-signature", &statement, &signed], 0);
        let verified = |namespace: &str| {
            let input = File::open(&statement).expect("exported");
            let arguments = ["-Y", "verify", "-f", &allowed, "-I", "alice@example.org", "-n", namespace];
            let signature = format!("{statement}.sig");
            let mut command = Command::new(&keygen);
            command.args(arguments).args(["-s", &signature]).stdin(input).stdout(Stdio::piped());
            let output = command.output().expect("ssh-keygen runs");
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (is_good, text) = verified("tercel-trace");
        assert!(is_good && text.contains("Good \"tercel-trace\" signature for alice@example.org"), "{text}");
        assert!(!verified("file").0);

        // A signature that comes later leaves the seal as it is.
        let seal = |path: &str| {
            let text = ran(&["verify", path], 0).out;
            text.lines().find_map(|line| Some(line.split_once(", seal ")?.1.to_owned())).expect("a seal")
        };
        let before = seal(&plain);
        ran(&["sign", "--key", &bob, &plain, &signed], 0);
        assert_eq!(seal(&plain), before);
        ran(&["verify", "--allowed-signers", &only_bob, &plain, &signed], 0);
        ran(&["verify", "--allowed-signers", &allowed, &signed], 0);
        assert!(ran(&["sign", "--key", &bob, &plain], 0).err.contains("already signed"));
        assert_eq!(events(&plain), events(&signed));
        // What is made of it is not signed.
        let copy = place.name("copy.scap");
        ran(&["convert", "-q", "-w", &copy, &signed], 0);
        ran(&["verify", "--allowed-signers", &allowed, &copy], 3);
    }
}

#[test]
fn what_is_left_of_a_signed_trace_is_proved() {
    let Some(keygen) = require("signatures of cut traces", tool("ssh-keygen")) else { return };
    let place = Place::new("signed-cut");
    let (alice, allows) = key(&keygen, &place, "alice", "ed25519");
    let allowed = place.file("allowed", &allows).display().to_string();
    let signed = place.name("signed.scap");
    ran(&["convert", "-q", "--chunk", "16KiB", "--sign", &alice, "-w", &signed, TRACE], 0);
    let bytes = fs::read(&signed).expect("a trace");
    let cut = place.file("cut.scap", &bytes[..bytes.len() / 2]).display().to_string();
    let found = ran(&["verify", "--allowed-signers", &allowed, &cut], 3).out;
    assert!(found.contains("signed by alice@example.org"), "{found}");
    assert!(found.contains(": the first ") && found.contains(" chunks, not the rest"), "{found}");
    // The end is missing, and somebody wrote another one.
    let closed = place.name("closed.scap");
    ran(&["recover", "-q", "-w", &closed, &cut], 3);
    ran(&["verify", &closed], 0);
    ran(&["verify", "--allowed-signers", &allowed, &closed], 3);
    assert!(ran(&["sign", "--key", &alice, &cut], 3).err.contains("was not signed"));

    // Another signature in place of the last one, with a right checksum.
    let start = b"-----BEGIN SSH SIGNATURE-----";
    let last = (0..bytes.len()).rev().find(|at| bytes[*at..].starts_with(start)).expect("a signature");
    let frame = last - 17;
    let size = u32::from_le_bytes(bytes[frame + 4..frame + 8].try_into().expect("four bytes")) as usize;
    let mut forged = bytes.clone();
    let place_of_letter = last + 200;
    forged[place_of_letter] = if forged[place_of_letter] == b'A' { b'B' } else { b'A' };
    let end = frame + 8 + size - 8;
    let check = blake3::hash(&forged[frame + 8..end]);
    forged[end..end + 8].copy_from_slice(&check.as_bytes()[..8]);
    let forged = place.file("forged.scap", &forged).display().to_string();
    for arguments in [&["verify"][..], &["verify", "--allowed-signers", &allowed]] {
        let found = ran(&[arguments, &[&forged]].concat(), 3).out;
        assert!(found.contains("FAILED: signature at offset"), "{found}");
    }
}

/// Whoever rewrites a signed trace hears that the signatures stay behind.
#[test]
fn verbs_that_drop_signatures_say_so() {
    let Some(keygen) = require("notes about signatures", tool("ssh-keygen")) else { return };
    let place = Place::new("signed-notes");
    let (alice, _) = key(&keygen, &place, "alice", "ed25519");
    let (plain, signed, out) = (place.name("plain.scap"), place.name("signed.scap"), place.name("out.scap"));
    ran(&["convert", "-q", "-w", &plain, TRACE], 0);
    ran(&["convert", "-q", "--sign", &alice, "-w", &signed, TRACE], 0);
    let cut = fs::read(&signed).expect("a trace");
    let cut = place.file("cut.scap", &cut[..cut.len() - 40]).display().to_string();
    let note = |err: &str| err.lines().filter(|line| line.starts_with("note: ")).count();
    for verb in ["convert", "index", "recover", "slice", "redact", "merge"] {
        let run = |options: &[&str], trace: &str, code: i32| {
            ran(&[&[verb, "--force", "-w", &out], options, &[trace]].concat(), code).err
        };
        let found = run(&[], &signed, 0);
        assert!(found.contains("signed.scap is signed; its signatures prove that trace"), "{verb}: {found}");
        assert!(note(&found) == 1 && found.contains("; --sign signs it"), "{verb}: {found}");
        let found = run(&["--sign", &alice], &signed, 0);
        assert!(note(&found) == 1 && !found.contains("; --sign signs it"), "{verb}: {found}");
        assert_eq!(note(&run(&["-q"], &signed, 0)), 0, "{verb}");
        assert_eq!(note(&run(&[], &plain, 0)), 0, "{verb}");
        assert_eq!(note(&run(&[], &cut, 3)), 1, "{verb}, without an index");
    }
}

#[test]
fn keys_that_cannot_sign_are_refused() {
    let place = Place::new("signed-keys");
    let out = place.name("out.scap");
    let none = place.file("key", "nothing").display().to_string();
    let found = ran(&["convert", "-w", &out, "--sign", &none, TRACE], 2);
    assert!(found.err.contains("not a private key of OpenSSH"), "{}", found.err);
    ran(&["convert", "-w", &out, "--sign", &place.name("missing"), TRACE], 2);
    ran(&["convert", "--to", "scap", "-w", &out, "--sign", &none, TRACE], 2);
    ran(&["verify", "--allowed-signers", &none, TRACE], 2);
    assert!(!Path::new(&out).exists());
}
