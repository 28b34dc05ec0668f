//! An engine that says more of a container than anybody wants to know.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

use tercel_test_support::Place;

use super::{tercel, turn};

#[test]
fn answers_without_bounds_are_left_out() {
    let Some(_turn) = turn("an engine of the test's own", &[]) else { return };
    let place = Place::new("odd");
    let listener = UnixListener::bind(place.path("socket")).expect("a socket");
    // The thread ends with the test.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut line = String::new();
            BufReader::new(stream.try_clone().expect("a stream")).read_line(&mut line).expect("a request");
            let body = match line.split(' ').nth(1) {
                Some("/containers/json") => r#"[{"Id":"aa"},{"Id":"bb"}]"#.to_owned(),
                Some("/containers/aa/json") => {
                    format!(r#"{{"Id":"aa","Config":{{"Env":["{}"]}}}}"#, "x".repeat(5_000_000))
                }
                Some("/containers/bb/json") => r#"{"Id":"bb","Name":"/small"}"#.to_owned(),
                _ => "{}".to_owned(),
            };
            let _ = write!(stream, "HTTP/1.0 200 OK\r\n\r\n{body}");
        }
    });
    let (trace, socket) = (place.name("trace.scap"), place.name("socket"));
    let recorded = tercel(&["record", "-w", &trace, "--docker", &socket, "--", "sleep", "1"]);
    assert!(recorded.code == 0, "{recorded:?}");
    let info = tercel(&["info", &trace]);
    let text = info.out;
    let containers: Vec<_> = text.lines().filter(|line| line.contains(", docker")).collect();
    assert!(matches!(containers[..], [line] if line.contains("small")), "{text}");
}
