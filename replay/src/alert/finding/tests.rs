//! Documents with every key, and with those only that are always there.

use serde_json::json;

use super::*;

/// The parts of an alert without a process.
fn bare(tags: &[String]) -> Finding<'_> {
    Finding {
        rule: "Falco internal: syscall event drop",
        description: "",
        priority: Priority::Debug,
        tags,
        source: "internal",
        time: 1_470_327_477_881_781_397,
        timestamp: "2016-08-04T16:17:57.881781397Z".to_owned(),
        number: None,
        hostname: "host".to_owned(),
        capture: None,
        capture_file: None,
        message: "dropped".to_owned(),
        values: Values::default(),
        output_fields: Map::from_iter([("n_drops".to_owned(), json!("3"))]),
    }
}

fn values(pairs: &[(Field, Value)]) -> Values {
    Values(pairs.to_vec())
}

/// The parts of an alert of a process in a container that writes a file.
fn whole(tags: &[String]) -> Finding<'_> {
    Finding {
        rule: "Write",
        description: "a write",
        priority: Priority::Warning,
        source: "syscall",
        number: Some(7),
        capture: Some("a.scap".to_owned()),
        capture_file: None,
        values: values(&[
            (Field::EvtType, json!("openat")),
            (Field::ProcName, json!("sh")),
            (Field::ProcPid, json!(12)),
            (Field::ProcExepath, json!("/bin/sh")),
            (Field::ProcCmdline, json!("sh -c x")),
            (Field::ProcCwd, json!("/tmp/")),
            (Field::ProcPname, json!("init")),
            (Field::ProcPpid, json!(1)),
            (Field::ProcPcmdline, json!("init")),
            (Field::UserName, json!("root")),
            (Field::UserUid, json!(0)),
            (Field::FdType, json!("file")),
            (Field::FdName, json!("/etc/passwd")),
            (Field::ContainerId, json!("abc")),
            (Field::ContainerName, json!("web")),
            (Field::ContainerImageRepository, json!("nginx")),
            (Field::ContainerImageTag, json!("1.2")),
            (Field::K8sNsName, json!("shop")),
            (Field::K8sPodName, json!("web-0")),
        ]),
        output_fields: Map::from_iter([
            ("evt.time".to_owned(), json!(1)),
            ("fd.name".to_owned(), json!("/etc/passwd")),
            ("proc.tty".to_owned(), json!(0)),
        ]),
        ..bare(tags)
    }
}

fn tags(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn ecs_documents() {
    assert_eq!(
        bare(&[]).ecs().to_string(),
        "{\"@timestamp\":\"2016-08-04T16:17:57.881781397Z\",\"ecs\":{\"version\":\"9.4.0\"},\
         \"event\":{\"category\":[\"host\"],\"dataset\":\"tercel.alert\",\"kind\":\"alert\",\"module\":\"tercel\",\
         \"provider\":\"internal\",\"severity\":7,\"type\":[\"info\"]},\"falco\":{\"output_fields\":{\"n_drops\":\"3\"}},\
         \"host\":{\"hostname\":\"host\",\"name\":\"host\"},\"log\":{\"level\":\"debug\",\"syslog\":{\"severity\":{\"code\":7}}},\
         \"message\":\"dropped\",\"rule\":{\"name\":\"Falco internal: syscall event drop\"},\"tags\":[]}"
    );
    let tags = tags(&["container", "T1059", "T1059.004"]);
    assert_eq!(
        whole(&tags).ecs().to_string(),
        "{\"@timestamp\":\"2016-08-04T16:17:57.881781397Z\",\
         \"container\":{\"id\":\"abc\",\"image\":{\"name\":\"nginx\",\"tag\":[\"1.2\"]},\"name\":\"web\"},\
         \"ecs\":{\"version\":\"9.4.0\"},\"event\":{\"action\":\"openat\",\"category\":[\"file\"],\
         \"dataset\":\"tercel.alert\",\"kind\":\"alert\",\"module\":\"tercel\",\"provider\":\"syscall\",\"severity\":4,\
         \"type\":[\"info\"]},\"falco\":{\"output_fields\":{\"evt.time\":1,\"fd.name\":\"/etc/passwd\",\"proc.tty\":0}},\
         \"file\":{\"path\":\"/etc/passwd\"},\"host\":{\"hostname\":\"host\",\"name\":\"host\"},\
         \"log\":{\"file\":{\"path\":\"a.scap\"},\"level\":\"warning\",\"syslog\":{\"severity\":{\"code\":4}}},\
         \"message\":\"dropped\",\"orchestrator\":{\"namespace\":\"shop\",\"resource\":{\"name\":\"web-0\",\"type\":\"pod\"},\
         \"type\":\"kubernetes\"},\"process\":{\"command_line\":\"sh -c x\",\"executable\":\"/bin/sh\",\"name\":\"sh\",\
         \"parent\":{\"command_line\":\"init\",\"name\":\"init\",\"pid\":1},\"pid\":12,\"working_directory\":\"/tmp/\"},\
         \"rule\":{\"description\":\"a write\",\"name\":\"Write\"},\"tags\":[\"container\",\"T1059\",\"T1059.004\"],\
         \"threat\":{\"framework\":\"MITRE ATT&CK\",\"technique\":{\"id\":[\"T1059\"],\"subtechnique\":{\"id\":[\"T1059.004\"]}}},\
         \"user\":{\"id\":\"0\",\"name\":\"root\"}}"
    );
}

#[test]
fn ocsf_findings() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        bare(&[]).ocsf().to_string(),
        format!(
            "{{\"activity_id\":1,\"activity_name\":\"Create\",\"category_name\":\"Findings\",\"category_uid\":2,\
             \"class_name\":\"Detection Finding\",\"class_uid\":2004,\
             \"device\":{{\"hostname\":\"host\",\"type\":\"Unknown\",\"type_id\":0}},\
             \"finding_info\":{{\"analytic\":{{\"name\":\"Falco internal: syscall event drop\",\"type\":\"Rule\",\"type_id\":1}},\
             \"created_time\":1470327477881,\"data_sources\":[\"internal\"],\"title\":\"Falco internal: syscall event drop\",\
             \"types\":[],\"uid\":\"host/1470327477881781397/Falco internal: syscall event drop\"}},\"message\":\"dropped\",\
             \"metadata\":{{\"log_provider\":\"internal\",\"original_time\":\"2016-08-04T16:17:57.881781397Z\",\
             \"product\":{{\"name\":\"tercel\",\"vendor_name\":\"tercel\",\"version\":\"{version}\"}},\"profiles\":[\"host\"],\
             \"version\":\"1.2.0\"}},\"severity\":\"Informational\",\"severity_id\":1,\"status\":\"New\",\"status_id\":1,\
             \"time\":1470327477881,\"type_name\":\"Detection Finding: Create\",\"type_uid\":200401,\
             \"unmapped\":{{\"n_drops\":\"3\"}}}}"
        )
    );
    let tags = tags(&["T1059", "T1059.004", "T12"]);
    let finding = whole(&tags).ocsf();
    assert_eq!(finding["unmapped"], json!({"proc.tty": 0}));
    assert_eq!((&finding["severity_id"], &finding["metadata"]["log_name"]), (&json!(3), &json!("a.scap")));
    assert_eq!(finding["finding_info"]["uid"], "host/1470327477881781397/7/Write");
    assert_eq!(
        finding["finding_info"]["attacks"],
        json!([
            {"technique": {"uid": "T1059"}},
            {"technique": {"uid": "T1059"}, "sub_technique": {"uid": "T1059.004"}},
        ])
    );
    assert_eq!(
        finding["evidences"].to_string(),
        "[{\"actor\":{\"process\":{\"cmd_line\":\"sh -c x\",\
         \"file\":{\"name\":\"sh\",\"path\":\"/bin/sh\",\"type\":\"Regular File\",\"type_id\":1},\"name\":\"sh\",\
         \"parent_process\":{\"cmd_line\":\"init\",\"name\":\"init\",\"pid\":1},\"pid\":12},\
         \"user\":{\"name\":\"root\",\"uid\":\"0\"}},\
         \"container\":{\"name\":\"web\",\"orchestrator\":\"kubernetes\",\"tag\":\"1.2\",\"uid\":\"abc\"},\
         \"file\":{\"name\":\"passwd\",\"path\":\"/etc/passwd\",\"type\":\"Regular File\",\"type_id\":1}}]"
    );
}

#[test]
fn connections_have_two_ends() {
    let connection = Finding {
        values: values(&[
            (Field::ProcPid, json!(12)),
            (Field::FdCip, json!("10.0.0.1")),
            (Field::FdCport, json!(4000)),
            (Field::FdSip, json!("::1")),
            (Field::FdSport, json!(443)),
            (Field::FdL4proto, json!("tcp")),
        ]),
        ..bare(&[])
    };
    let ecs = connection.ecs();
    assert_eq!(ecs["event"]["category"], json!(["network"]));
    assert_eq!(ecs["source"], json!({"ip": "10.0.0.1", "port": 4000}));
    assert_eq!(ecs["destination"], json!({"ip": "::1", "port": 443}));
    assert_eq!(ecs["network"], json!({"transport": "tcp"}));
    let evidence = &connection.ocsf()["evidences"][0];
    assert_eq!(evidence["src_endpoint"], json!({"ip": "10.0.0.1", "port": 4000}));
    assert_eq!(evidence["dst_endpoint"], json!({"ip": "::1", "port": 443}));
    assert_eq!(evidence["connection_info"], json!({"direction_id": 0, "protocol_name": "tcp"}));
}

#[test]
fn names_of_failed_calls_are_paths_too() {
    for (kind, name, expected) in [
        (Some("file"), "x", true),
        (Some("directory"), "/x", true),
        (Some("ipv4"), "10.0.0.1:1->10.0.0.2:2", false),
        (Some("unix"), "/run/x", false),
        (None, "/etc/shadow", true),
        (None, "<NA>", false),
    ] {
        assert_eq!(is_path(kind, Some(name)), expected, "{kind:?} {name}");
    }
    assert!(!is_path(None, None));
}
