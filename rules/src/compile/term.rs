//! Fields and transformers with their types (reference language 3.1, 3.11, section 6).
//!
//! A transformer changes the type that is seen outside, yet some rules look at the type underneath: both are kept.

use tercel_format::catalogue::{ParamType, PrintFormat};

use super::error::TermError;
use crate::ast::{CallArg, Term, TermKind};
use crate::fields::{Field, FieldFlags, FieldRef, StaticFields};
use crate::program::{Operand, Source, Transformer};

/// A value with what the checks of types need to know about it.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    /// The value, with the type that it has outside.
    pub operand: Operand,
    /// Name that messages use.
    pub name: &'static str,
    /// The field underneath, if it is one.
    pub field: Option<Field>,
    /// What is peculiar to the field underneath.
    pub flags: FieldFlags,
    /// Type underneath, before transformers with one argument.
    base: ParamType,
    /// Whether the value underneath is a list.
    base_list: bool,
    /// A transformer with several arguments: its right side is not checked for types.
    pub multivalue: bool,
}

/// The field or transformer of a term; `statics` are fields beside those of the catalogue.
pub(crate) fn call(term: &Term, statics: &StaticFields) -> Result<Typed, TermError> {
    match &term.kind {
        TermKind::Field { name, arg } => field(name, arg.as_deref(), statics),
        TermKind::Call { name, args, arg } => {
            let mut values = args.iter().map(|arg| argument(arg, statics)).collect::<Result<Vec<_>, _>>()?;
            match values.pop() {
                Some(only) if values.is_empty() => single(name, only, arg.is_some()),
                Some(last) => {
                    values.push(last);
                    several(name, values, arg.as_deref())
                }
                None => Err(TermError::NoArgument(name.clone())),
            }
        }
    }
}

/// A field by name and argument.
fn field(name: &str, arg: Option<&str>, statics: &StaticFields) -> Result<Typed, TermError> {
    if let (None, Some(text)) = (arg, statics.get(name)) {
        return Ok(Typed::nameless(Source::Text(text.as_bytes().into()), "static", false));
    }
    let reference = match arg {
        Some(arg) => FieldRef::parse(&format!("{name}[{arg}]")),
        None => FieldRef::parse(name),
    };
    Ok(Typed::from_field(reference?))
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

    /// A value that has no field of the catalogue: literal text, a list, the result of a transformer with several arguments.
    fn nameless(source: Source, name: &'static str, list: bool) -> Typed {
        let ty = ParamType::CharBuf;
        Typed {
            name,
            field: None,
            flags: FieldFlags::empty(),
            base: ty,
            base_list: list,
            multivalue: false,
            operand: Operand { source, ty, format: PrintFormat::Na, list },
        }
    }
}

fn argument(arg: &CallArg, statics: &StaticFields) -> Result<Typed, TermError> {
    match arg {
        CallArg::Term(term) => call(term, statics),
        CallArg::Text(text, _) => Ok(Typed::nameless(Source::Text(text.as_bytes().into()), "NA", false)),
        CallArg::List(values, _) => {
            let values = values.iter().map(|value| Ok(argument(value, statics)?.operand));
            let values = values.collect::<Result<_, TermError>>()?;
            Ok(Typed::nameless(Source::List(values), "NA", true))
        }
    }
}

fn single(name: &str, value: Typed, has_arg: bool) -> Result<Typed, TermError> {
    if has_arg {
        return Err(TermError::BracketsAfterSingle(name.to_owned()));
    }
    let transformer = match name {
        "val" => return Ok(value),
        "tolower" => Transformer::ToLower,
        "toupper" => Transformer::ToUpper,
        "b64" => Transformer::Base64,
        "basename" => Transformer::Basename,
        "len" => Transformer::Len,
        _ => return Err(TermError::UnknownTransformer(name.to_owned())),
    };
    if value.flags.contains(FieldFlags::NO_TRANSFORMER) {
        return Err(TermError::NotTransformable(value.name));
    }
    let Some((ty, list)) = transformed(&transformer, value.operand.ty, value.operand.list) else {
        let Operand { ty, list: is_list, .. } = value.operand;
        return Err(TermError::Type { ty, is_list, transformer: name.to_owned(), field: value.name });
    };
    // The print format stays that of the field underneath, which is why Falco prints `len` of a text as <NA>.
    let format = value.operand.format;
    let source = Source::Transform(transformer, [value.operand].into());
    Ok(Typed { operand: Operand { source, ty, format, list }, ..value })
}

/// Type and list-ness after a transformer with one argument; `None` if it does not take the type.
fn transformed(transformer: &Transformer, ty: ParamType, list: bool) -> Option<(ParamType, bool)> {
    let text = matches!(ty, ParamType::CharBuf | ParamType::FsPath | ParamType::FsRelPath);
    match transformer {
        Transformer::ToLower | Transformer::ToUpper | Transformer::Basename => text.then_some((ty, list)),
        Transformer::Base64 => matches!(ty, ParamType::CharBuf | ParamType::ByteBuf).then_some((ty, list)),
        Transformer::Len => (list || text || ty == ParamType::ByteBuf).then_some((ParamType::Uint64, false)),
        Transformer::Join | Transformer::Concat | Transformer::Getopt(_) => None,
    }
}

fn several(name: &str, values: Vec<Typed>, arg: Option<&str>) -> Result<Typed, TermError> {
    let texts = values.iter().all(|value| value.base == ParamType::CharBuf);
    let (transformer, list) = match name {
        "join" => {
            join_arguments(&values)?;
            (Transformer::Join, false)
        }
        "concat" => {
            if !texts || values.iter().any(|value| value.base_list) {
                return Err(TermError::Concat);
            }
            (Transformer::Concat, false)
        }
        "getopt" => {
            getopt_arguments(&values, texts)?;
            let option = option_letter(arg)?;
            (Transformer::Getopt(option), option.is_none())
        }
        _ => return Err(TermError::UnknownMultivalue),
    };
    if arg.is_some() && name != "getopt" {
        return Err(TermError::BracketsAfterSeveral(name.to_owned()));
    }
    let operands = values.into_iter().map(|value| value.operand).collect();
    let label = if list { "INTERNAL" } else { "NA" };
    let typed = Typed::nameless(Source::Transform(transformer, operands), label, list);
    // Underneath, the reference takes every such value for a plain string.
    Ok(Typed { multivalue: true, base_list: false, ..typed })
}

fn join_arguments(values: &[Typed]) -> Result<(), TermError> {
    let [separator, list] = values else {
        return Err(TermError::JoinCount);
    };
    if separator.base_list {
        return Err(TermError::JoinSeparator);
    }
    if !list.base_list {
        return Err(TermError::JoinList);
    }
    Ok(())
}

fn getopt_arguments(values: &[Typed], texts: bool) -> Result<(), TermError> {
    let [list, options] = values else {
        return Err(TermError::GetoptCount);
    };
    if !list.base_list {
        return Err(TermError::GetoptList);
    }
    if options.base_list {
        return Err(TermError::GetoptOptions);
    }
    if !texts {
        return Err(TermError::GetoptType);
    }
    Ok(())
}

fn option_letter(arg: Option<&str>) -> Result<Option<u8>, TermError> {
    match arg.map(str::as_bytes) {
        None => Ok(None),
        Some([letter]) => Ok(Some(*letter)),
        Some(_) => Err(TermError::GetoptLetter),
    }
}
