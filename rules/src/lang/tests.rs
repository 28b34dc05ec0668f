//! Conditions against the tree they make, or the message and the column at which they are refused.

use super::*;
use crate::ast::{CallArg, ExprKind, Pos, Right, TermKind};

fn expr(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::And(members) => format!("(and {})", join(members.iter().map(self::expr), " ")),
        ExprKind::Or(members) => format!("(or {})", join(members.iter().map(self::expr), " ")),
        ExprKind::Not(inner) => format!("(not {})", self::expr(inner)),
        ExprKind::Macro(name) => format!("<{name}>"),
        ExprKind::Shared(shared) => self::expr(shared),
        ExprKind::Exists(left) => format!("{}?", term(left)),
        ExprKind::Binary { left, op, right, .. } => {
            let right = match right {
                Right::Value(value, _) => text(value),
                Right::List(values, _) => {
                    format!("[{}]", join(values.iter().map(text), ";"))
                }
                Right::Term(right) => term(right),
            };
            format!("{}|{op}|{right}", term(left))
        }
    }
}

fn term(term: &Term) -> String {
    let (mut out, arg) = match &term.kind {
        TermKind::Field { name, arg } => (name.clone(), arg),
        TermKind::Call { name, args, arg } => {
            (format!("{name}({})", join(args.iter().map(call_arg), ",")), arg)
        }
    };
    if let Some(arg) = arg {
        out.push_str(&format!("[{arg}]"));
    }
    out
}

fn call_arg(arg: &CallArg) -> String {
    match arg {
        CallArg::Term(inner) => term(inner),
        CallArg::Text(text, _) => format!("{text:?}"),
        CallArg::List(values, _) => format!("({})", join(values.iter().map(call_arg), ",")),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// The tree of `condition`, or the message and column of its error.
fn check(condition: &str, expected: Result<&str, (&str, usize)>) {
    let found = parse(condition, 100)
        .map(|tree| expr(&tree))
        .map_err(|error| (error.reason.to_string(), error.pos.column));
    let expected = expected.map(str::to_owned).map_err(|(message, column)| (message.to_owned(), column));
    assert_eq!(found, expected, "{condition}");
}

#[test]
fn conditions_make_trees() {
    for (condition, tree) in [
        ("a.b=c", "a.b|=|c"),
        (" a.b  ==  c ", "a.b|==|c"),
        ("a.b!=c", "a.b|!=|c"),
        ("a.b exists", "a.b?"),
        ("a.b<3", "a.b|<|3"),
        ("a.b <= -3", "a.b|<=|-3"),
        ("a.b > 0x1F", "a.b|>|0x1F"),
        ("a.b>=1.5e+3", "a.b|>=|1.5e+3"),
        ("a.b=1e", "a.b|=|1e"),
        ("a.b in (x,y , z)", "a.b|in|[x;y;z]"),
        ("a.b in ()", "a.b|in|[]"),
        ("a.b in list_name", "a.b|in|list_name"),
        ("a.b intersects(x)", "a.b|intersects|[x]"),
        ("a.b pmatch (/etc, \"/a b\")", "a.b|pmatch|[/etc;/a b]"),
        ("a.b contains x", "a.b|contains|x"),
        ("a.b icontains\tx", "a.b|icontains|x"),
        ("a.b startswith ''", "a.b|startswith|"),
        ("a.b glob 'c*'", "a.b|glob|c*"),
        ("a.b regex '^a$'", "a.b|regex|^a$"),
        ("a.b=and", "a.b|=|and"),
        ("a.b='it''s'", ""),
        ("a.b=\"it's\"", "a.b|=|it's"),
        ("a.b='a\\n\\t\\'\\\\ \\/'", "a.b|=|a\n\t'\\ /"),
        ("a.b=\"x\\ y\"", "a.b|=|x\\y"),
        ("a.b='\\x41\\x2f\\xC3\\xa9'", "a.b|=|A/é"),
        ("a.b=c:\\d", "a.b|=|c:\\d"),
        ("a.b[1]=c", "a.b[1]|=|c"),
        ("a.b['x y']=c", "a.b[x y]|=|c"),
        ("a.b = oneof (x, y)", "a.b|= oneof|[x;y]"),
        ("a.b = anyof x", "a.b|= anyof|x"),
        ("a.b contains allof (x)", "a.b|contains allof|[x]"),
        ("a.b = oneof and c.d=e", "(and a.b|=|oneof c.d|=|e)"),
        ("a.b =oneof", "a.b|=|oneof"),
        ("a.b = oneof", "a.b|=|oneof"),
        ("toupper(a.b)=C", "toupper(a.b)|=|C"),
        ("toupper( tolower(a.b) )=C", "toupper(tolower(a.b))|=|C"),
        ("join(',', (a.b, \"x\", 3, len(c.d)))=x", "join(\",\",(a.b,\"x\",\"3\",len(c.d)))|=|x"),
        ("concat(a.b, 'x')=x", "concat(a.b,\"x\")|=|x"),
        ("getopt(a.b, 'ab:')[b]=x", "getopt(a.b,\"ab:\")[b]|=|x"),
        ("a.b=val(c.d[0])", "a.b|=|val(c.d[0])"),
        ("a.b in val( c.d )", "a.b|in|val(c.d)"),
        ("a.b < len(c.d)", "a.b|<|len(c.d)"),
        ("a and b or c and d", "(or (and <a> <b>) (and <c> <d>))"),
        ("(a or b) and c", "(and (or <a> <b>) <c>)"),
        ("a and(b)or c", "(or (and <a> <b>) <c>)"),
        ("a or(b or c)or d", "(or <a> (or <b> <c>) <d>)"),
        ("not a and b", "(and (not <a>) <b>)"),
        ("not not a", "<a>"),
        ("not(a or b)", "(not (or <a> <b>))"),
        ("not not(a)", "<a>"),
        ("not (not (a))", "(not (not <a>))"),
        ("((a))", "<a>"),
        ("a\nand\r\nb", "(and <a> <b>)"),
        ("android or notify", "(or <android> <notify>)"),
    ] {
        match tree {
            "" => check(condition, Err(("unexpected token after 'it', expecting 'or', 'and'", 9))),
            tree => check(condition, Ok(tree)),
        }
    }
}

#[test]
fn errors_have_falcos_message_and_place() {
    let number = format!(
        "expected a number value or a field with a valid transformer: {}",
        names::quoted_transformers()
    );
    let string = number.replace("a number value", "a string value");
    let list = number.replace("a number value or", "a list, an identifier, or");
    let operator = format!("expected a valid check operator: one of {}", names::quoted_operators());
    let argument = "expected a valid field argument: a quoted string or a bare string";
    for (condition, message, column) in [
        ("", "filter input string is empty", 1),
        ("  ", "expected a '(' token, a field check, or an identifier", 3),
        ("= cat", "expected a '(' token, a field check, or an identifier", 1),
        ("a.b", operator.as_str(), 4),
        ("a.b like c", operator.as_str(), 5),
        ("a.b containsx c", operator.as_str(), 5),
        ("a.b < d", number.as_str(), 7),
        ("a.b < '3'", number.as_str(), 7),
        ("a.b =", string.as_str(), 6),
        ("a.b = 'c", string.as_str(), 7),
        ("a.b = (c)", string.as_str(), 7),
        ("a.b pmatch /etc", list.as_str(), 12),
        ("a.b in (c", "expected a ')' token", 10),
        ("a.b in (c d)", "expected a ')' token", 11),
        ("a.b in (c,)", "expected a string value", 11),
        ("(a", "expected a ')' token", 3),
        ("a)", "unexpected token after 'a', expecting 'or', 'and'", 2),
        ("a b", "unexpected token after 'a', expecting 'or', 'and'", 3),
        ("a and", "expected blank or '(' after 'and'", 6),
        ("a or", "expected blank or '(' after 'or'", 5),
        ("a.b[]=c", argument, 5),
        ("a.b[c d]=e", "expected a ']' token", 6),
        ("toupper(a.b", "expected a ')' token closing the transformer", 12),
        ("a.b=val(c)", "expected a field within 'val' transformer", 9),
        ("a.b='\\q'", "unsupported string escape sequence: \\q", 9),
        ("a.b='\\x4'", "invalid \\x escape in string: expected two hexadecimal digits", 10),
        ("a.b='\\xg1'", "invalid \\x escape in string: expected two hexadecimal digits", 11),
        ("a.b[\"\\xff\"]=1", "expected text in UTF-8", 11),
        ("join(\"\\xff\", (a.b))=1", "expected text in UTF-8", 12),
        ("a.b='\\\"'", "invalid \\\" escape in '-quoted string", 9),
        ("a.b=\"\\'\"", "invalid \\' escape in \"-quoted string", 9),
        (
            "concat()=a",
            "expected field transformer argument: field, transformer, quoted string, number, or transformer list",
            8,
        ),
        (
            "join(',', (a))=b",
            "expected transformer list argument: field, transformer, quoted string, or number",
            12,
        ),
        ("join(',', (a.b c.d))=b", "expected ')'", 16),
    ] {
        check(condition, Err((message, column)));
    }
}

#[test]
fn places_count_lines_and_bytes() {
    let error = parse("a and\n  b.c", 100).expect_err("no operator");
    assert_eq!(error.pos, Pos { offset: 11, line: 2, column: 6 });
    let tree = parse("a and\n  not b.c = d", 100).expect("valid");
    let ExprKind::And(members) = &tree.kind else { panic!("a conjunction") };
    assert_eq!(members[1].pos, Pos { offset: 8, line: 2, column: 3 });
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(999), 1000).is_ok());
    let error = parse(&nested(200_000), 1000).expect_err("too deep");
    assert_eq!(error.to_string(), "exceeded max depth limit of 1000");
    let calls = format!("{}a.b{}=c", "toupper(".repeat(200_000), ")".repeat(200_000));
    assert_eq!(parse(&calls, 1000).expect_err("too deep").to_string(), "exceeded max depth limit of 100");
}

#[test]
fn numbers_are_read_as_scanf_reads_them() {
    for (text, signed, unsigned) in [
        ("7", Some(7), Some(7)),
        (" +7", Some(7), Some(7)),
        ("-1", Some(-1), Some(u64::MAX)),
        ("99999999999999999999", Some(i64::MAX), Some(u64::MAX)),
        ("-99999999999999999999", Some(i64::MIN), Some(u64::MAX)),
        ("7 ", None, None),
        ("0x10", None, None),
        ("1.5", None, None),
        ("", None, None),
        ("-", None, None),
    ] {
        assert_eq!(number::signed(text), signed, "{text:?}");
        assert_eq!(number::unsigned(text), unsigned, "{text:?}");
    }
    assert_eq!(number::unsigned32("4294967297"), Some(1));
    assert_eq!(number::signed32("-2"), Some(-2));
}

#[test]
fn operators_are_suggested() {
    for (word, expected) in [
        ("startwith", Some("startswith")),
        ("contain", Some("contains")),
        ("matches", None),
        ("exist", Some("exists")),
    ] {
        assert_eq!(suggest_operator(word), expected, "{word}");
    }
}
