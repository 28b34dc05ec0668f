//! gRPC engines, played by a server of the test's own.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::time::{sleep, timeout};

use super::messages::{containerd, cri};
use super::*;

/// An answer: bytes, and the status after them; `None` keeps everybody waiting.
type Reply = (Vec<u8>, Option<u32>);
/// What an engine answers to a method, in a namespace.
type Answers = dyn Fn(&str, &str) -> Reply + Send + Sync;

const POD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const CONTAINER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const UNIMPLEMENTED: Reply = (Vec::new(), Some(12));

/// Messages as they go through the socket.
fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let frame = |message: &Vec<u8>| [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat();
    messages.iter().flat_map(frame).collect()
}

fn one(message: &impl Message) -> Reply {
    (framed(&[message.encode_to_vec()]), Some(0))
}

fn any(message: &impl Message) -> Option<containerd::Any> {
    Some(containerd::Any { value: message.encode_to_vec() })
}

/// Plays an engine.
async fn play(listener: UnixListener, reply: Arc<Answers>) {
    while let Ok((stream, _)) = listener.accept().await {
        let reply = reply.clone();
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let namespace = request.headers().get("containerd-namespace");
                let namespace = namespace.map_or("", |name| name.to_str().expect("text"));
                let (bytes, status) = reply(request.uri().path(), namespace);
                let mut body = respond.send_response(http::Response::new(()), false).expect("a head");
                tokio::spawn(async move {
                    // In pieces, as large answers come.
                    for piece in bytes.chunks(1000) {
                        body.send_data(Bytes::copy_from_slice(piece), false).expect("a body");
                    }
                    let Some(status) = status else { return sleep(RETRY * 60).await };
                    let mut trailers = http::HeaderMap::new();
                    trailers.insert("grpc-status", status.into());
                    body.send_trailers(trailers).expect("an end");
                });
            }
        });
    }
}

/// Runs a test beside an engine that listens at the path that it gets.
fn beside<F: Future>(
    name: &str,
    reply: impl Fn(&str, &str) -> Reply + Send + Sync + 'static,
    test: impl FnOnce(PathBuf) -> F,
) -> F::Output {
    let path = std::env::temp_dir().join(format!("tercel-grpc-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let output = runtime.block_on(async {
        tokio::spawn(play(UnixListener::bind(&path).expect("a socket"), Arc::new(reply)));
        test(path.clone()).await
    });
    let _ = std::fs::remove_file(&path);
    output
}

/// What a follower of an engine sends until everything is sent.
async fn told(path: PathBuf) -> Vec<Value> {
    let (sender, mut receiver) = Receiver::new();
    let followed = timeout(RETRY, follow_socket(&path, &sender, &Answering::default())).await;
    assert_ne!(followed, Ok(Err(Failed::Silent)), "the engine answers");
    let texts = std::iter::from_fn(|| receiver.next());
    texts.map(|text| serde_json::from_str::<Value>(&text).expect("JSON")["container"].clone()).collect()
}

fn assert_fields(found: &Value, expected: &[(&str, Value)]) {
    for (key, value) in expected {
        assert_eq!(&found[*key], value, "{key} of {found}");
    }
}

/// A runtime with one pod that holds one container.
fn runtime(name: &str, method: &str) -> Reply {
    let pairs = |key: &str, value: &str| std::iter::once((key.to_owned(), value.to_owned())).collect();
    match method {
        "/runtime.v1.RuntimeService/Version" => one(&cri::Version { runtime_name: name.to_owned() }),
        "/runtime.v1.RuntimeService/ListPodSandbox" => {
            one(&cri::List { entries: vec![cri::Listed { id: POD.to_owned() }] })
        }
        "/runtime.v1.RuntimeService/ListContainers" => one(&cri::ContainerList {
            containers: vec![cri::ListedContainer { id: CONTAINER.to_owned(), sandbox_id: POD.to_owned() }],
        }),
        "/runtime.v1.RuntimeService/PodSandboxStatus" => one(&cri::PodStatus {
            status: Some(cri::Pod {
                id: POD.to_owned(),
                metadata: Some(cri::PodMetadata {
                    name: "web-0".to_owned(),
                    uid: "u-1".to_owned(),
                    namespace: "shop".to_owned(),
                }),
                created: 5_000_000_000,
                network: Some(cri::PodNetwork { ip: "10.0.0.7".to_owned() }),
                linux: Some(cri::LinuxPod {
                    namespaces: Some(cri::Namespaces {
                        options: Some(cri::NamespaceOptions { network: 0, pid: 2, ipc: 0 }),
                    }),
                }),
                labels: pairs("tier", "front"),
            }),
            info: pairs("info", r#"{"image":"pause:3","cniResult":{"Interfaces":{"eth0":{}}}}"#),
        }),
        "/runtime.v1.RuntimeService/ContainerStatus" => one(&cri::ContainerStatus {
            status: Some(cri::Container {
                id: CONTAINER.to_owned(),
                metadata: Some(cri::ContainerMetadata { name: "nginx".to_owned() }),
                created: 6_000_000_000,
                image: Some(cri::Image { image: "reg:5000/nginx:1.2".to_owned() }),
                image_ref: "reg:5000/nginx@sha256:ab".to_owned(),
                labels: pairs("io.kubernetes.container.name", "nginx"),
                mounts: vec![cri::Mount {
                    container_path: "/d".to_owned(),
                    host_path: "/s".to_owned(),
                    readonly: true,
                    propagation: 1,
                }],
                image_id: "sha256:cd".to_owned(),
                user: Some(cri::User { linux: Some(cri::LinuxUser { uid: 33 }) }),
            }),
            info: pairs("info", r#"{"config":{"envs":[{"key":"A","value":"1"}]},"privileged":true}"#),
        }),
        _ => UNIMPLEMENTED,
    }
}

#[test]
fn a_runtime_of_kubernetes() {
    let found = beside("cri", |method, _| runtime("cri-o", method), told);
    let [pod, container] = &found[..] else { panic!("not a pod and its container: {found:?}") };
    assert_fields(
        pod,
        &[
            ("type", json!(8)),
            ("id", json!(&POD[..12])),
            ("name", json!("web-0")),
            ("image", json!("pause:3")),
            ("is_pod_sandbox", json!(true)),
            ("ip", json!("10.0.0.7")),
            ("created_time", json!(5)),
            ("cni_json", json!(r#"{"eth0":{}}"#)),
        ],
    );
    assert_fields(
        container,
        &[
            ("type", json!(8)),
            ("full_id", json!(CONTAINER)),
            ("name", json!("nginx")),
            ("image", json!("reg:5000/nginx:1.2")),
            ("imagerepo", json!("reg:5000/nginx")),
            ("imagetag", json!("1.2")),
            ("imagedigest", json!("sha256:ab")),
            ("imageid", json!("cd")),
            ("User", json!("33")),
            ("env", json!(["A=1"])),
            ("ip", json!("10.0.0.7")),
            ("privileged", json!(true)),
            ("host_pid", json!(true)),
            ("host_network", json!(false)),
            ("is_pod_sandbox", json!(false)),
            ("pod_sandbox_id", json!(POD)),
            ("pod_sandbox_labels", json!({"tier": "front"})),
            (
                "labels",
                json!({"io.kubernetes.container.name": "nginx", "io.kubernetes.sandbox.id": POD,
                    "io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop",
                    "io.kubernetes.pod.uid": "u-1"}),
            ),
            (
                "Mounts",
                json!([{"Source": "/s", "Destination": "/d", "Mode": "", "RW": false, "Propagation": "rslave"}]),
            ),
        ],
    );
}

/// A containerd with Docker's container, a pod's, and one of its own that is reported in an event.
fn containerd(method: &str, namespace: &str) -> Reply {
    let record = |id: &str, labels: &[(&str, &str)]| containerd::ContainerAnswer {
        container: Some(containerd::Container {
            id: id.to_owned(),
            labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            image: "docker.io/shop/box:7".to_owned(),
            ..containerd::Container::default()
        }),
    };
    match (method, namespace) {
        ("/containerd.services.namespaces.v1.Namespaces/List", "") => {
            let name = |name: &str| containerd::Namespace { name: name.to_owned() };
            one(&containerd::Namespaces { namespaces: ["moby", "k8s.io", "default"].map(name).to_vec() })
        }
        ("/containerd.services.containers.v1.Containers/ListStream", "moby") => one(&record("docker", &[])),
        ("/containerd.services.containers.v1.Containers/ListStream", "k8s.io") => {
            one(&record(CONTAINER, &[("io.cri-containerd.kind", "container")]))
        }
        ("/containerd.services.containers.v1.Containers/ListStream", _) => (Vec::new(), Some(0)),
        ("/containerd.services.containers.v1.Containers/Get", "default") => {
            one(&record("box", &[("app", "shop")]))
        }
        ("/containerd.services.images.v1.Images/Get", _) => one(&containerd::ImageAnswer {
            image: Some(containerd::Image {
                target: Some(containerd::Descriptor { digest: "sha256:ef".to_owned() }),
            }),
        }),
        ("/containerd.services.events.v1.Events/Subscribe", "") => {
            let event = any(&containerd::Id { id: "box".to_owned() });
            let event = containerd::Envelope { namespace: "default".to_owned(), event };
            (framed(&[event.encode_to_vec(), event.encode_to_vec()]), None)
        }
        _ => UNIMPLEMENTED,
    }
}

#[test]
fn a_containerd_with_its_plugin_for_kubernetes() {
    let found = beside(
        "both",
        |method, namespace| match method.starts_with("/runtime.v1") {
            true => runtime("containerd", method),
            false => containerd(method, namespace),
        },
        told,
    );
    let [pod, own] = &found[..] else { panic!("not two containers, each told once: {found:?}") };
    assert_fields(pod, &[("type", json!(7)), ("name", json!("nginx")), ("imageid", json!("cd"))]);
    assert_fields(
        own,
        &[
            ("type", json!(7)),
            ("name", json!("box")),
            ("imagerepo", json!("docker.io/shop/box")),
            ("imagedigest", json!("sha256:ef")),
            ("labels", json!({"app": "shop"})),
        ],
    );
}

#[test]
fn a_containerd_without_it() {
    let found = beside("alone", containerd, told);
    let names: Vec<_> = found.iter().map(|container| container["name"].clone()).collect();
    assert_eq!(names, [json!(&CONTAINER[..12]), json!("box")]);
}

#[test]
fn answers_that_are_none() {
    let long = [&[0][..], &u32::MAX.to_be_bytes()].concat();
    let compressed = [&[1][..], &2_u32.to_be_bytes(), b"ab"].concat();
    let garbage = framed(&[b"\xff\xff\xff".to_vec()]);
    let large = framed(&[cri::Version { runtime_name: "x".repeat(100_000) }.encode_to_vec()]);
    for (name, reply, expected) in [
        ("long", (long, Some(0)), Err(Failed::Silent)),
        ("compressed", (compressed, Some(0)), Err(Failed::Silent)),
        ("garbage", (garbage, Some(0)), Err(Failed::Silent)),
        ("nothing", (Vec::new(), Some(0)), Err(Failed::Silent)),
        ("cut", (vec![0, 0, 0, 0, 9, 1], Some(0)), Err(Failed::Silent)),
        ("refused", (Vec::new(), Some(5)), Err(Failed::Refused(5))),
        ("large", (large, Some(0)), Ok(100_000)),
    ] {
        let found = beside(
            name,
            move |_, _| reply.clone(),
            |path| async move {
                let client = Client::connect(&path).await?;
                let answer: cri::Version = client.ask("any/Method", "", &cri::Nothing {}).await?;
                Ok(answer.runtime_name.len())
            },
        );
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn an_engine_may_come_later_and_go() {
    let path = std::env::temp_dir().join(format!("tercel-grpc-later-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let (sender, mut receiver) = Receiver::new();
    let (answering, paths) = (Answering::default(), vec![path.clone()]);
    let states = answering.clone();
    let follower = std::thread::spawn(move || follow_grpc(&paths, &sender, &states));
    let name = path.display().to_string();
    for _ in 0..2 {
        let engine = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        engine.block_on(async {
            let reply = |method: &str, _: &str| runtime("cri-o", method);
            tokio::spawn(play(UnixListener::bind(&path).expect("a socket"), Arc::new(reply)));
            let noticed = async {
                while !answering.has(&name) {
                    sleep(RETRY / 50).await;
                }
            };
            timeout(RETRY * 20, noticed).await.expect("the engine is noticed");
            sleep(RETRY / 2).await;
        });
        drop(engine);
        std::fs::remove_file(&path).expect("a socket");
        let begun = std::time::Instant::now();
        while answering.has(&name) {
            assert!(begun.elapsed() < RETRY * 20, "the engine's end is noticed");
            std::thread::sleep(RETRY / 50);
        }
    }
    let told: Vec<_> = std::iter::from_fn(|| receiver.next()).collect();
    assert_eq!(told.len(), 2, "the pod and its container, each once although the engine came twice");
    drop(receiver);
    follower.join().expect("nobody listens");
}

/// An engine without a protocol: it sends these bytes, piece by piece and without an end.
fn pour(path: &Path, piece: &'static [u8]) -> std::thread::JoinHandle<usize> {
    let _ = std::fs::remove_file(path);
    let listener = std::os::unix::net::UnixListener::bind(path).expect("a socket");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut sent = 0;
        // The client hangs up once it has read enough.
        while std::io::Write::write_all(&mut stream, piece).is_ok() {
            sent += piece.len();
        }
        sent
    })
}

#[test]
fn what_is_not_grpc_is_given_up() {
    // A frame of headers and then continuations of it, and settings again and again.
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const CONTINUED: &[u8] = &[0, 0, 1, 9, 0, 0, 0, 0, 1, 0x82];
    for (name, piece) in
        [("text", &b"HTTP/1.0 200 OK\r\n"[..]), ("settings", SETTINGS), ("continued", CONTINUED)]
    {
        let path = std::env::temp_dir().join(format!("tercel-grpc-{name}-{}", std::process::id()));
        let server = pour(&path, piece);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(async {
            let client = Client::connect(&path).await?;
            client.ask::<cri::Version>("any/Method", "", &cri::Nothing {}).await
        });
        assert_eq!(answer.err(), Some(Failed::Silent), "{name}");
        drop(runtime);
        server.join().expect("a server");
        let _ = std::fs::remove_file(&path);
    }
}

#[test]
fn a_head_without_an_end_is_given_up() {
    let path = std::env::temp_dir().join(format!("tercel-grpc-head-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answer = runtime.block_on(async {
        let listener = UnixListener::bind(&path).expect("a socket");
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let mut head = http::Response::new(());
                for number in 0..1000 {
                    let name = http::HeaderName::try_from(format!("x-{number}")).expect("a name");
                    head.headers_mut().insert(name, "y".repeat(1000).parse().expect("a value"));
                }
                // The client may have hung up.
                let _ = respond.send_response(head, true);
            }
        });
        let client = Client::connect(&path).await?;
        client.ask::<cri::Version>("any/Method", "", &cri::Nothing {}).await
    });
    let _ = std::fs::remove_file(&path);
    assert_eq!(answer.err(), Some(Failed::Silent));
}
