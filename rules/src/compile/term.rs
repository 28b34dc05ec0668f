//! Fields and transformers with their types (reference language 3.1, 3.11, section 6).
//!
//! A transformer changes the type that is seen outside, yet some rules look at the type underneath: both are kept.

use tercel_format::catalogue::{ParamType, PrintFormat};

use crate::ast::{CallArg, Term, TermKind};
use crate::fields::{Field, FieldRef, epf};
use crate::program::{Operand, Source, Transformer};

/// A value with what the checks of types need to know about it.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The value, with the type that it has outside.
    pub operand: Operand,
    /// Name that messages use.
    pub name: &'static str,
    /// The field underneath, if it is one.
    pub field: Option<Field>,
    /// A set of [`epf`] bits of the field underneath.
    pub flags: u32,
    /// Type underneath, before transformers with one argument.
    base: ParamType,
    /// Whether the value underneath is a list.
    base_list: bool,
    /// A transformer with several arguments: its right side is not checked for types.
    pub multivalue: bool,
}

/// The field or transformer of a term.
pub fn call(term: &Term) -> Result<Typed, String> {
    match &term.kind {
        TermKind::Field { name, arg } => field(name, arg.as_deref()),
        TermKind::Call { name, args, arg } => {
            let mut values = args.iter().map(argument).collect::<Result<Vec<_>, _>>()?;
            match values.pop() {
                Some(only) if values.is_empty() => single(name, only, arg.is_some()),
                Some(last) => {
                    values.push(last);
                    several(name, values, arg.as_deref())
                }
                None => Err(format!("filter error: found null child node on '{name}' transformer")),
            }
        }
    }
}

/// A field by name and argument.
pub fn field(name: &str, arg: Option<&str>) -> Result<Typed, String> {
    let reference = match arg {
        Some(arg) => FieldRef::parse(&format!("{name}[{arg}]")),
        None => FieldRef::parse(name),
    };
    reference.map(Typed::from_field).map_err(|error| error.to_string())
}

impl Typed {
    fn from_field(reference: FieldRef) -> Typed {
        let info = reference.field.info();
        let (ty, format, list) = (reference.ty(), reference.format(), info.is_list());
        Typed {
            name: info.name,
            field: Some(reference.field),
            flags: info.flags,
            base: ty,
            base_list: list,
            multivalue: false,
            operand: Operand { source: Source::Field(reference), ty, format, list },
        }
    }

    /// A value that has no field: literal text, a list, the result of a transformer with several arguments.
    fn nameless(source: Source, name: &'static str, list: bool) -> Typed {
        let ty = ParamType::CharBuf;
        Typed {
            name,
            field: None,
            flags: 0,
            base: ty,
            base_list: list,
            multivalue: false,
            operand: Operand { source, ty, format: PrintFormat::Na, list },
        }
    }
}

fn argument(arg: &CallArg) -> Result<Typed, String> {
    match arg {
        CallArg::Term(term) => call(term),
        CallArg::Text(text, _) => Ok(Typed::nameless(Source::Text(text.as_bytes().into()), "NA", false)),
        CallArg::List(values, _) => {
            let values =
                values.iter().map(|value| Ok(argument(value)?.operand)).collect::<Result<_, String>>()?;
            Ok(Typed::nameless(Source::List(values), "NA", true))
        }
    }
}

fn single(name: &str, value: Typed, has_arg: bool) -> Result<Typed, String> {
    if has_arg {
        let place =
            if name == "val" { "transformer 'val'".to_owned() } else { format!("transformer '{name}'") };
        return Err(format!("filter error: {place} does not support field arguments"));
    }
    let transformer = match name {
        "val" => return Ok(value),
        "tolower" => Transformer::ToLower,
        "toupper" => Transformer::ToUpper,
        "b64" => Transformer::Base64,
        "basename" => Transformer::Basename,
        "len" => Transformer::Len,
        _ => return Err(format!("unknown field transfomer '{name}'")),
    };
    if value.flags & epf::NO_TRANSFORMER != 0 {
        return Err(format!("field '{}' does not support transformers", value.name));
    }
    let Some((ty, list)) = transformed(&transformer, value.operand.ty, value.operand.list) else {
        let list = if value.operand.list { "list " } else { "" };
        let ty = type_name(value.operand.ty);
        return Err(format!(
            "can't add field transformer: type '{ty}' is not supported by '{name}' transformer applied on {list}field '{}'",
            value.name
        ));
    };
    // The print format stays that of the field underneath, which is why Falco prints `len` of a text as <NA>.
    let format = value.operand.format;
    let source = Source::Transform(transformer, [value.operand].into());
    Ok(Typed { operand: Operand { source, ty, format, list }, ..value })
}

/// Type and list-ness behind a transformer with one argument; `None` if it does not take the type.
fn transformed(transformer: &Transformer, ty: ParamType, list: bool) -> Option<(ParamType, bool)> {
    let text = matches!(ty, ParamType::CharBuf | ParamType::FsPath | ParamType::FsRelPath);
    match transformer {
        Transformer::ToLower | Transformer::ToUpper | Transformer::Basename => text.then_some((ty, list)),
        Transformer::Base64 => matches!(ty, ParamType::CharBuf | ParamType::ByteBuf).then_some((ty, list)),
        Transformer::Len => (list || text || ty == ParamType::ByteBuf).then_some((ParamType::Uint64, false)),
        Transformer::Join | Transformer::Concat | Transformer::Getopt(_) => None,
    }
}

fn several(name: &str, values: Vec<Typed>, arg: Option<&str>) -> Result<Typed, String> {
    let texts = values.iter().all(|value| value.base == ParamType::CharBuf);
    let (transformer, list) = match name {
        "join" => {
            join_arguments(&values)?;
            (Transformer::Join, false)
        }
        "concat" => {
            if !texts || values.iter().any(|value| value.base_list) {
                return Err("concat() arguments must be strings".to_owned());
            }
            (Transformer::Concat, false)
        }
        "getopt" => {
            getopt_arguments(&values, texts)?;
            let option = option_letter(arg)?;
            (Transformer::Getopt(option), option.is_none())
        }
        _ => return Err("unknown multivalue transformer".to_owned()),
    };
    if arg.is_some() && name != "getopt" {
        return Err(format!("transformer '{name}' does not support field arguments"));
    }
    let operands = values.into_iter().map(|value| value.operand).collect();
    let label = if list { "INTERNAL" } else { "NA" };
    let typed = Typed::nameless(Source::Transform(transformer, operands), label, list);
    // Underneath, the reference takes every such value for a plain string.
    Ok(Typed { multivalue: true, base_list: false, ..typed })
}

fn join_arguments(values: &[Typed]) -> Result<(), String> {
    let [separator, list] = values else {
        return Err("join() requires exactly 2 arguments: separator and list".to_owned());
    };
    if separator.base_list {
        return Err("join() first argument (separator) must be a single value, not a list".to_owned());
    }
    if !list.base_list {
        return Err("join() second argument must be a list".to_owned());
    }
    Ok(())
}

fn getopt_arguments(values: &[Typed], texts: bool) -> Result<(), String> {
    let [list, options] = values else {
        return Err("getopt() requires exactly 2 arguments: args list and optstring".to_owned());
    };
    if !list.base_list {
        return Err("getopt() first argument must be a list".to_owned());
    }
    if options.base_list {
        return Err("getopt() second argument (optstring) must be a single value".to_owned());
    }
    if !texts {
        return Err("getopt() arguments must be strings".to_owned());
    }
    Ok(())
}

fn option_letter(arg: Option<&str>) -> Result<Option<u8>, String> {
    match arg.map(str::as_bytes) {
        None => Ok(None),
        Some([letter]) => Ok(Some(*letter)),
        Some(_) => Err("getopt() field argument must be a single option character".to_owned()),
    }
}

/// Name of a type in Falco's messages, which has none for some.
pub fn type_name(ty: ParamType) -> &'static str {
    match ty {
        ParamType::Fd32 => ParamType::Fd.name(),
        ParamType::Pid32 => ParamType::Pid.name(),
        ParamType::Dyn => "DYNAMIC",
        ParamType::CharBufPairArray => "CHARBUF_PAIR_ARRAY",
        ParamType::Ipv6Addr | ParamType::Ipv6Net => "<NA>",
        other => other.name(),
    }
}
