//! Conditions against the checks they make, the events they admit, and the messages with which they are refused.

use super::*;
use crate::lang;
use crate::program::{Literal, Op, Quantifier, Source, Test, Transformer};
use tercel_format::catalogue::{ParamType, PrintFormat};

fn compile(condition: &str) -> Result<(Compiler, Condition), ConditionError> {
    let tree = lang::parse(condition, 100).unwrap_or_else(|error| panic!("{condition}: {error}"));
    let mut compiler = Compiler::new();
    compiler.condition(&tree).map(|compiled| (compiler, compiled))
}

#[track_caller]
fn only_check(condition: &str) -> Check {
    let (compiler, _) = compile(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    let [check] = compiler.checks.as_slice() else { panic!("{condition} makes several checks") };
    check.clone()
}

fn bytes(text: &str) -> Literal {
    Literal::Bytes(text.as_bytes().into())
}

#[test]
fn operators_make_tests() {
    use Quantifier::*;
    for (condition, test) in [
        ("proc.name exists", Test::Exists),
        ("proc.name = cat", Test::Compare(Op::Eq, bytes("cat"))),
        ("proc.name == cat", Test::Compare(Op::Eq, bytes("cat"))),
        ("proc.name != cat", Test::Compare(Op::Ne, bytes("cat"))),
        ("fd.num < 3", Test::Compare(Op::Lt, Literal::Int(3))),
        ("fd.num <= -3", Test::Compare(Op::Le, Literal::Int(-3))),
        ("proc.name > 3", Test::Compare(Op::Gt, bytes("3"))),
        ("proc.name >= 3", Test::Compare(Op::Ge, bytes("3"))),
        ("proc.name contains a", Test::Compare(Op::Contains, bytes("a"))),
        ("proc.name icontains a", Test::Compare(Op::IContains, bytes("a"))),
        ("evt.buffer bcontains CAfe", Test::Compare(Op::BContains, Literal::Bytes([0xca, 0xfe].into()))),
        ("evt.buffer bstartswith 00", Test::Compare(Op::BStartsWith, Literal::Bytes([0].into()))),
        ("proc.name startswith a", Test::Compare(Op::StartsWith, bytes("a"))),
        ("proc.name endswith a", Test::Compare(Op::EndsWith, bytes("a"))),
        ("proc.name glob a*", Test::Compare(Op::Glob, bytes("a*"))),
        ("proc.name iglob a*", Test::Compare(Op::IGlob, bytes("a*"))),
        ("proc.name regex 'a.+'", Test::Compare(Op::Regex, bytes("\\A(?:a(?:[^\\n])+)\\z"))),
        ("proc.name in (a, b, a)", Test::In([bytes("a"), bytes("b")].into())),
        ("proc.name in a", Test::In([bytes("a")].into())),
        ("proc.name in ()", Test::In([].into())),
        ("proc.name intersects (a)", Test::Intersects([bytes("a")].into())),
        ("fd.name pmatch (/a, /b)", Test::Pmatch([b"/a".as_slice().into(), b"/b".as_slice().into()].into())),
        ("proc.name = oneof (a, a)", Test::Quantified(Op::Eq, OneOf, [bytes("a"), bytes("a")].into())),
        ("proc.name startswith anyof (a)", Test::Quantified(Op::StartsWith, AnyOf, [bytes("a")].into())),
        (
            "fd.num != allof (1, 2)",
            Test::Quantified(Op::Ne, AllOf, [Literal::Int(1), Literal::Int(2)].into()),
        ),
        ("fd.types in (file)", Test::In([bytes("file")].into())),
    ] {
        assert_eq!(only_check(condition).test, test, "{condition}");
    }
}

#[test]
fn literals_have_the_type_of_the_field() {
    let net = |address: &str, length| Literal::Net(address.parse().expect("an address"), length);
    for (condition, literal) in [
        ("evt.rawres = -2", Literal::Int(-2)),
        ("fd.num = 99999999999999999999", Literal::Int(i64::MAX)),
        ("evt.cpu = 65537", Literal::Int(1)),
        ("user.uid = -1", Literal::Uint(u64::from(u32::MAX))),
        ("evt.num = 7", Literal::Uint(7)),
        ("proc.duration = 1", Literal::Uint(1)),
        ("proc.fdusage = 50", Literal::Int(50)),
        ("evt.is_io = true", Literal::Bool(true)),
        ("evt.is_io = false", Literal::Bool(false)),
        ("fd.sport = 443", Literal::Uint(443)),
        ("fd.sport = 65537", Literal::Uint(1)),
        ("fd.sport = ''", Literal::Uint(0)),
        ("fd.sport = https", Literal::Uint(443)),
        ("fd.sip = 127.0.0.1", Literal::Ip("127.0.0.1".parse().expect("an address"))),
        ("fd.sip = ::1", Literal::Ip("::1".parse().expect("an address"))),
        ("fd.snet = 10.0.0.0/8", net("10.0.0.0", 8)),
        ("fd.snet = 0.0.0.0/0", net("0.0.0.0", 0)),
        ("fd.snet = '2001:db8::/32'", net("2001:db8::", 32)),
        ("evt.rawarg.flags = 3", Literal::Uint(3)),
        ("evt.around[5] = 10", Literal::Uint(10)),
        ("evt.buffer = a", bytes("a")),
    ] {
        assert_eq!(only_check(condition).test, Test::Compare(Op::Eq, literal), "{condition}");
    }
}

#[test]
fn transformers_change_types() {
    let check = only_check("len(proc.name) = 3");
    assert_eq!(check.test, Test::Compare(Op::Eq, Literal::Uint(3)));
    assert_eq!((check.left.ty, check.left.format), (ParamType::Uint64, PrintFormat::Na));
    assert_eq!(only_check("len(container.id) = 3").left.format, PrintFormat::Dec);
    let check = only_check("getopt((proc.args, \"-x\"), \"ab:\")[b] = x");
    let Source::Transform(Transformer::Getopt(Some(b'b')), arguments) = &check.left.source else {
        panic!("{check:?}")
    };
    assert_eq!((arguments.len(), check.left.list), (2, false));
    assert!(only_check("getopt((proc.args), \"ab:\") in (x)").left.list);
    let check = only_check("basename(tolower(proc.exepath)) = val(proc.name)");
    assert!(matches!(check.test, Test::CompareOperand(Op::Eq, _)), "{check:?}");
    assert!(matches!(only_check("proc.name in val(proc.pname)").test, Test::InOperand(_)));
    assert!(matches!(only_check("proc.name intersects val(proc.pname)").test, Test::IntersectsOperand(_)));
}

#[test]
fn errors_have_falcos_message() {
    for (condition, message) in [
        ("foo", "filter error: unexpected identifier 'foo'"),
        ("no.such = 1", "filter_check called with nonexistent field no.such"),
        ("proc.name[1] = a", "filter_check called with nonexistent field proc.name[1]"),
        ("proc.aname[x] = a", "filter_check called with nonexistent field proc.aname[x]"),
        ("evt.type.is.nosuch = 1", "filter_check called with nonexistent field evt.type.is.nosuch"),
        ("evt.abspath.other = a", "filter_check called with nonexistent field evt.abspath.other"),
        ("evt.arg = a", "filter syntax error: evt.arg"),
        ("evt.arg.nosuch = a", "unknown event argument nosuch"),
        ("evt.arg[x] = a", "x is not a valid number"),
        ("evt.rawarg[0] = a", "evt.arg fields must be expressed explicitly"),
        ("evt.around[5] != 10", "evt.around supports only '=' comparison operator"),
        ("arg.x = 1", "filter error: proc.arg filter not implemented yet"),
        ("thread.cgroup = a", "filter syntax error: thread.cgroup"),
        (
            "container.mount = a",
            "filter 'container.mount': container.mount requires an argument but none provided",
        ),
        (
            "container.id[1] = a",
            "filter 'container.id[1]': container.id does not allow nor require an argument but one is provided: 1",
        ),
        (
            "container.label['a b'] = c",
            "filter 'container.label[a': container.label has unbalanced argument brackets",
        ),
        ("evt.type = nosuch", "unknown event type nosuch"),
        ("evt.type startswith nosuch", "unknown event type nosuch"),
        ("fd.num startswith 3", "filter error: 'startswith' operator not supported for numeric filters"),
        ("evt.is_io < 1", "filter error: '<' operator not supported for numeric filters"),
        ("proc.name bcontains aa", "filter error: 'bcontains' operator not supported for string filters"),
        ("evt.buffer icontains a", "filter error: 'icontains' operator not supported for buffer filters"),
        ("fd.sip < 1", "filter error: '<' operator not supported for ip address and network filters"),
        (
            "fd.sip contains oneof (1)",
            "filter error: 'contains' with modifier not supported for ip address and network filters",
        ),
        ("fd.types = a", "filter error: '=' operator not supported list filters"),
        ("evt.rawarg.tuple = a", "filter error: '=' operator not supported for type 'SOCKTUPLE'"),
        ("evt.rawarg.sig = 9", "wrong parameter type 19"),
        (
            "evt.buffer bcontains abc",
            "filter error: bcontains and bstartswith operator support hex strings only",
        ),
        ("fd.num = abc", "abc is not a valid number"),
        ("fd.num = 0x10", "0x10 is not a valid number"),
        ("evt.is_io = 1", "filter error: unrecognized boolean value 1"),
        ("fd.sport = nosuch", "unrecognized protocol nosuch"),
        ("fd.sport = 99999999999", "stoi"),
        ("fd.sip = 300.1.1.1", "unrecognized IPv4 address 300.1.1.1"),
        ("fd.sip = ::ffff:1.2.3.4", "unrecognized IPv4 address ::ffff:1.2.3.4"),
        ("fd.sip = x", "unrecognized IPv6 address x"),
        ("fd.snet = 127.0.0.1", "unrecognized IP network 127.0.0.1"),
        ("fd.snet = 1.1.1/8", "unrecognized IP address 1.1.1/8"),
        ("fd.snet = 1.1.1.1/33", "invalid netmask 33"),
        ("fd.snet = 1.1.1.1/x", "x is not a valid number"),
        ("fd.snet = ::1", "invalid v6 netmask: ::1"),
        ("fd.snet = ::/0", "invalid v6 netmask 0"),
        ("proc.name regex '(a'", "invalid regex pattern: missing ): (a"),
        (
            "toupper(fd.num) = 3",
            "can't add field transformer: type 'INT64' is not supported by 'toupper' transformer applied on field 'fd.num'",
        ),
        (
            "toupper(len(proc.name)) = 3",
            "can't add field transformer: type 'UINT64' is not supported by 'toupper' transformer applied on field 'proc.name'",
        ),
        ("len(proc.aname) = 3", "field 'proc.aname' does not support transformers"),
        ("len(proc.name)[a] = 3", "filter error: transformer 'len' does not support field arguments"),
        ("concat(proc.name) = a", "unknown field transfomer 'concat'"),
        ("toupper(proc.name, proc.pname) = a", "unknown multivalue transformer"),
        ("concat(proc.name, fd.num) = a", "concat() arguments must be strings"),
        ("join(',', proc.name) = a", "join() second argument must be a list"),
        (
            "join((proc.name), (proc.name)) = a",
            "join() first argument (separator) must be a single value, not a list",
        ),
        ("join(',', (proc.name), 'x') = a", "join() requires exactly 2 arguments: separator and list"),
        ("join(',', (proc.name))[x] = a", "transformer 'join' does not support field arguments"),
        ("getopt(proc.args, 'a') = a", "getopt() first argument must be a list"),
        ("getopt((proc.args), 'a')[ab] = a", "getopt() field argument must be a single option character"),
        (
            "proc.name = val(fd.num)",
            "field 'proc.name' has type 'CHARBUF' while the right-hand side field 'fd.num' has incompatible type 'INT64'",
        ),
        ("proc.name pmatch val(proc.exe)", "operator 'PMATCH' doesn't support right-hand side fields"),
        ("proc.name regex val(proc.exe)", "operator 'REGEX' doesn't support right-hand side fields"),
        ("fd.snet = val(fd.sip)", "field type 'IPNET' doesn't support right-hand side fields"),
        ("proc.aname = val(proc.name)", "field 'proc.aname' doesn't support right-hand side fields"),
        ("proc.name = val(proc.aname)", "field 'proc.aname' can't be used as a right-hand side field"),
        (
            "evt.type = val(proc.name)",
            "right-hand field comparisons on `evt.type`/`syscall.type` checks are not supported by event code search",
        ),
        (
            "toupper(evt.type) = open",
            "event code search does not support `evt.type` checks with transformers",
        ),
    ] {
        match compile(condition) {
            Ok(_) => panic!("{condition} is accepted"),
            Err(error) => assert_eq!(error.to_string(), message, "{condition}"),
        }
    }
    let long = format!("proc.name = {}", "x".repeat(256));
    let error = compile(&long).expect_err("too long");
    assert!(
        error.to_string().starts_with("filter parameter too long (used=257, available=256):xxx"),
        "{error}"
    );
    assert!(compile(&long[..long.len() - 1]).is_ok());
}

#[test]
fn errors_stand_at_their_check() {
    let error = compile("evt.type = open and\n not (fd.num = 1 or no.such = 2)").expect_err("no such field");
    assert_eq!((error.pos.line, error.pos.column, error.pos.offset), (2, 21, 40));
    assert!(error.reason.is_unknown_name());
    assert!(compile("evt.type = nosuch").expect_err("no such event").reason.is_unknown_name());
    assert!(!compile("evt.arg.nosuch = 1").expect_err("no such argument").reason.is_unknown_name());
}

#[test]
fn warnings_are_falcos() {
    use WarningCode::*;
    let simple = "may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'";
    let simple = |pattern: &str| format!("regex check with '{pattern}' {simple}");
    let field = |text: &str| format!("'{text}' may be a valid field misused as a const string value");
    let latency = "field is not available due to the drop of enter events.".to_owned();
    for (condition, expected) in [
        ("proc.name = a", vec![]),
        ("proc.name regex '^abc$'", vec![(CompileCondition, simple("^abc$"), 17)]),
        ("proc.name regex '.*abc.*'", vec![(CompileCondition, simple(".*abc.*"), 17)]),
        ("proc.name regex 'a.c'", vec![]),
        ("proc.name = proc.pname", vec![(CompileCondition, field("proc.pname"), 13)]),
        ("proc.name = \"proc. pname\"", vec![(CompileCondition, field("proc. pname"), 13)]),
        ("proc.name in (a, proc.exe)", vec![(CompileCondition, field("proc.exe"), 14)]),
        (
            "proc.name = 'toupper(x)'",
            vec![(
                CompileCondition,
                "'toupper(x)' may be a valid field transformer misused as a const string value".to_owned(),
                13,
            )],
        ),
        (
            "evt.latency.s > 0 or evt.latency > 1",
            vec![(DeprecatedItem, latency.clone(), 0), (DeprecatedItem, latency, 0)],
        ),
    ] {
        let (_, compiled) = compile(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
        let found: Vec<_> =
            compiled.warnings.into_iter().map(|w| (w.code, w.message, w.pos.column)).collect();
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn equality_with_na_is_unsafe_for_plugin_fields() {
    for (condition, warned) in [
        ("ka.verb = '<NA>'", true),
        ("ka.verb in (get, '<NA>')", true),
        ("jevt.value intersects ('<NA>')", true),
        ("toupper(ka.verb) != '<NA>'", true),
        ("ka.verb = get", false),
        ("ka.verb in (get, put)", false),
        ("ka.verb contains '<NA>'", false),
        ("proc.nmae = '<NA>'", false),
    ] {
        let error = compile(condition).err().unwrap_or_else(|| panic!("{condition} has no such field"));
        let codes: Vec<_> = error.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes.contains(&WarningCode::UnsafeNaCheck), warned, "{condition}");
    }
}

#[test]
fn equal_parts_are_stored_once() {
    let mut compiler = Compiler::new();
    let mut node = |text: &str| {
        let tree = lang::parse(text, 100).expect("valid");
        compiler.condition(&tree).expect("valid").node
    };
    let first = node("proc.name = a and (fd.num = 1 and (proc.name == a and fd.num = 2))");
    assert_eq!(node("(proc.name = a and fd.num = 1) and fd.num = 2"), first);
    assert_eq!(node("not (not (proc.name = a and fd.num=1 and fd.num=2))"), first);
    node("fd.num = 2 or (fd.num = 1 or proc.name = a)");
    let (nodes, checks) = compiler.into_parts();
    assert_eq!(checks.len(), 3);
    let conjunctions =
        nodes.iter().filter(|node| matches!(node, Node::And(_))).map(|node| format!("{node:?}"));
    assert!(conjunctions.into_iter().any(|text| text.matches("NodeId").count() == 3), "{nodes:?}");
    let Some(Node::Or(members)) = nodes.last() else { panic!("{nodes:?}") };
    assert_eq!(members.len(), 3);
}

#[test]
fn event_sets_follow_the_condition() {
    let codes = |name: &str| {
        let mut set = EventSet::NONE;
        let rows = tercel_format::catalogue::EVENTS.iter().filter(|row| row.name == name);
        rows.for_each(|row| set.insert(row.code));
        set
    };
    let (open, close) = (codes("open"), codes("close"));
    let both = open.union(&close);
    let mut generic = EventSet::NONE;
    generic.insert(0);
    generic.insert(1);
    for (condition, expected) in [
        ("evt.type = open", open.clone()),
        ("evt.type in (open, close)", both.clone()),
        ("syscall.type = open or evt.type = close", both.clone()),
        ("evt.type != open", open.complement()),
        ("not evt.type != open", open.clone()),
        ("not (evt.type = open or evt.type = close)", both.complement()),
        ("not (evt.type = open and proc.name = a)", EventSet::all()),
        ("evt.type = open and not proc.name = a", open.clone()),
        ("evt.type exists", EventSet::all()),
        ("not evt.type exists", EventSet::NONE),
        ("evt.type startswith open", EventSet::all()),
        ("evt.type = getitimer", generic),
        ("evt.type = open and evt.num = 0", EventSet::NONE),
        ("evt.type = open and evt.num >= 0", open.clone()),
        ("evt.type = open and not evt.num in (0)", open.clone()),
        ("evt.type = open and evt.num > 1", open.clone()),
    ] {
        let (_, compiled) = compile(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
        assert_eq!(compiled.events, expected, "{condition}");
    }
    let (_, never) = compile("evt.num = 0").expect("valid");
    assert!(never.events.is_empty() && never.too_many_events);
    let (_, typed) = compile("evt.type = open").expect("valid");
    assert!(!typed.too_many_events);
}
