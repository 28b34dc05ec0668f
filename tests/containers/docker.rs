//! Containers of Docker.

use crate::docker::Engine;
use tercel_test_support::Place;

use super::{replayed, tercel, turn};

#[test]
fn containers_have_their_names_in_the_recording() {
    let Some(_turn) = turn("Docker", &["docker", "dockerd"]) else { return };
    let mut engine = Engine::start();
    engine.import();
    let script = format!(
        "d='docker -H {}'; $d run -d --name web --network none --label app=shop shop/box:7 \
         /bin/busybox sh -c '/bin/busybox echo tercel-marker-run; /bin/busybox sleep 60' && sleep 1 && \
         $d exec web /bin/busybox echo tercel-marker-exec; sleep 0.3",
        engine.socket()
    );
    let place = Place::new("docker-trace");
    let (trace, socket) = (place.name("trace.scap"), engine.path("socket").display().to_string());
    let recorded = tercel(&["record", "-a", "-w", &trace, "--docker", &socket, "--", "sh", "-c", &script]);
    let id = engine.docker(&["inspect", "-f", "{{.Id}}", "web"]).stdout;
    let id = String::from_utf8_lossy(&id).get(..12).map(str::to_owned);
    // A name that means none of the containers is refused before anything is written.
    let other = place.name("other.scap");
    let limited = |name: &str| {
        let limits = ["record", "--force", "-w", &other, "--docker", &socket, "--container", name, "-M", "1"];
        tercel(&limits)
    };
    let misspelt = limited("wbe");
    assert_eq!(misspelt.code, 2, "{misspelt:?}");
    assert!(misspelt.err.contains("no container 'wbe'; did you mean 'web'?"), "{}", misspelt.err);
    assert!(!place.path("other.scap").exists());
    for name in ["web", id.as_deref().unwrap_or("web")] {
        let found = limited(name);
        assert_eq!(found.code, 0, "{name}: {found:?}");
    }
    engine.stop();
    assert!(recorded.code == 0, "{recorded:?}");
    let id = id.unwrap_or_else(|| panic!("no container: {recorded:?}"));
    let text = replayed(&place);
    for call in ["run", "exec"] {
        let expected = format!(
            "RAN echo tercel-marker-{call} id={id} name=web image=shop/box:7 app=shop type=docker vpid="
        );
        assert!(text.contains(&expected), "no {expected:?} in:\n{text}");
    }
    // Docker's client has the words among its arguments as well, outside of the container.
    let mut clients = text.lines().filter(|line| line.contains("RAN -H unix:"));
    assert!(
        clients.clone().count() == 2 && clients.all(|line| !line.contains(&format!("id={id}"))),
        "{text}"
    );
}
