//! Why a condition cannot be compiled, and what should not be written so. `Display` gives Falco's message.

use tercel_format::catalogue::ParamType;

use super::regex::RegexError;
use crate::ast::Pos;
use crate::fields::FieldError;

/// A condition that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ConditionError {
    /// Why.
    pub reason: CompileError,
    /// Start of the check that is wrong.
    pub pos: Pos,
    /// Warnings that are given although the condition is refused.
    pub warnings: Vec<Warning>,
}

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It has more levels than can be compiled; with the limit.
    #[error("exceeded max depth limit of {0}")]
    TooDeep(usize),
    /// A name that no macro has.
    #[error("filter error: unexpected identifier '{0}'")]
    UnknownMacro(String),
    /// A field or a transformer.
    #[error(transparent)]
    Term(#[from] TermError),
    /// An operator.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A literal.
    #[error(transparent)]
    Literal(#[from] LiteralError),
    /// A value on the right.
    #[error(transparent)]
    Right(#[from] RightError),
    /// Which events it admits cannot be said.
    #[error(transparent)]
    Events(#[from] EventsError),
}

impl CompileError {
    /// Whether it is a field or an event type that does not exist, which `skip-if-unknown-filter` allows (reference
    /// language 8.9).
    pub(crate) fn is_unknown_name(&self) -> bool {
        matches!(
            self,
            CompileError::Term(TermError::Field(FieldError::Nonexistent(_)))
                | CompileError::Literal(LiteralError::UnknownEventType(_))
        )
    }
}

/// A field or a transformer cannot have a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// It is not a field.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A transformer without arguments.
    #[error("filter error: found null child node on '{0}' transformer")]
    NoArgument(String),
    /// A transformer of one argument with brackets after it.
    #[error("filter error: transformer '{0}' does not support field arguments")]
    BracketsAfterSingle(String),
    /// A transformer of several arguments with brackets after it.
    #[error("transformer '{0}' does not support field arguments")]
    BracketsAfterSeveral(String),
    /// There is no transformer of this name. The word is Falco's.
    #[error("unknown field transfomer '{0}'")]
    UnknownTransformer(String),
    /// There is no transformer of this name with several arguments.
    #[error("unknown multivalue transformer")]
    UnknownMultivalue,
    /// The field may not be transformed.
    #[error("field '{0}' does not support transformers")]
    NotTransformable(&'static str),
    /// The transformer does not take values of the type.
    #[error(
        "can't add field transformer: type '{}' is not supported by '{transformer}' transformer applied on {}field \
         '{field}'",
        type_name(*.ty),
        if *.is_list { "list " } else { "" }
    )]
    Type {
        /// The type of the value.
        ty: ParamType,
        /// Whether it is a list.
        is_list: bool,
        /// The transformer.
        transformer: String,
        /// The field underneath.
        field: &'static str,
    },
    /// An argument of `concat`.
    #[error("concat() arguments must be strings")]
    Concat,
    /// The number of arguments of `join`.
    #[error("join() requires exactly 2 arguments: separator and list")]
    JoinCount,
    /// The first argument of `join`.
    #[error("join() first argument (separator) must be a single value, not a list")]
    JoinSeparator,
    /// The second argument of `join`.
    #[error("join() second argument must be a list")]
    JoinList,
    /// The number of arguments of `getopt`.
    #[error("getopt() requires exactly 2 arguments: args list and optstring")]
    GetoptCount,
    /// The first argument of `getopt`.
    #[error("getopt() first argument must be a list")]
    GetoptList,
    /// The second argument of `getopt`.
    #[error("getopt() second argument (optstring) must be a single value")]
    GetoptOptions,
    /// The type of an argument of `getopt`.
    #[error("getopt() arguments must be strings")]
    GetoptType,
    /// What stands in brackets after `getopt`.
    #[error("getopt() field argument must be a single option character")]
    GetoptLetter,
}

/// An operator does not exist, or not for the type on its left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// There is no modifier of this name.
    #[error("unrecognized filter comparison modifier '{0}'")]
    UnknownModifier(String),
    /// There is no operator of this name.
    #[error("unrecognized filter comparison operator '{0}'")]
    UnknownOperator(String),
    /// Operator and the kind of values.
    #[error("filter error: '{0}' operator not supported for {1} filters")]
    Kind(&'static str, &'static str),
    /// Operator and type.
    #[error("filter error: '{0}' operator not supported for type '{name}'", name = type_name(*.1))]
    Type(&'static str, ParamType),
    /// A modifier on addresses.
    #[error("filter error: '{0}' with modifier not supported for ip address and network filters")]
    ModifierOnNetwork(&'static str),
    /// Lists of the type have no operator.
    #[error("filter error: list filters are not supported for type '{}'", type_name(*.0))]
    ListOfType(ParamType),
    /// The operator does not take lists.
    #[error("filter error: '{0}' operator not supported list filters")]
    List(&'static str),
}

/// A literal does not fit the left side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiteralError {
    /// Bytes that are too many.
    #[error("filter parameter too long (byte buf)")]
    BytesTooLong,
    /// A text that is too long.
    #[error("filter parameter too long (used={used}, available={available}):{text}")]
    TooLong {
        /// Bytes with the NUL at the end.
        used: usize,
        /// The limit.
        available: usize,
        /// The text.
        text: String,
    },
    /// Not a number.
    #[error("{0} is not a valid number")]
    Number(String),
    /// Neither `true` nor `false`.
    #[error("filter error: unrecognized boolean value {0}")]
    Bool(String),
    /// The type has operators but no literals; Falco names it by number.
    #[error("wrong parameter type {}", *.0 as u8)]
    Type(ParamType),
    /// Not pairs of hexadecimal digits.
    #[error("filter error: bcontains and bstartswith operator support hex strings only")]
    Hex,
    /// A port that does not fit into 31 bits, which `stoi` refuses under its own name.
    #[error("stoi")]
    PortTooLarge,
    /// A service that is not known.
    #[error("unrecognized protocol {0}")]
    Service(String),
    /// Not an address of version 4.
    #[error("unrecognized IPv4 address {0}")]
    Ipv4(String),
    /// Not an address of version 6.
    #[error("unrecognized IPv6 address {0}")]
    Ipv6(String),
    /// A network of version 4 without a mask.
    #[error("unrecognized IP network {0}")]
    Network(String),
    /// The address of a network of version 4.
    #[error("unrecognized IP address {0}")]
    NetworkAddress(String),
    /// The mask of a network of version 4.
    #[error("invalid netmask {0}")]
    Mask(String),
    /// A network of version 6 without a mask.
    #[error("invalid v6 netmask: {0}")]
    Network6(String),
    /// The mask of a network of version 6.
    #[error("invalid v6 netmask {0}")]
    Mask6(String),
    /// There is no event of this name.
    #[error("unknown event type {0}")]
    UnknownEventType(String),
    /// `evt.around` with another operator.
    #[error("evt.around supports only '=' comparison operator")]
    AroundOperator,
    /// A regular expression that RE2 refuses.
    #[error("invalid regex pattern: {0}")]
    Regex(#[from] RegexError),
}

/// A value cannot stand on the right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RightError {
    /// The operator takes literals only.
    #[error("operator '{0}' doesn't support right-hand side fields")]
    Operator(&'static str),
    /// Networks are compared with literals only.
    #[error("field type 'IPNET' doesn't support right-hand side fields")]
    Network,
    /// The field on the left is compared with literals only.
    #[error("field '{0}' doesn't support right-hand side fields")]
    Left(&'static str),
    /// The field may stand on the left only.
    #[error("field '{0}' can't be used as a right-hand side field")]
    Right(&'static str),
    /// Both sides have different types.
    #[error("field '{left}' has {} while the right-hand side field '{right}' has incompatible {}",
        shown(*.left_type), shown(*.right_type))]
    Types {
        /// Name of the left side.
        left: &'static str,
        /// Its type, and whether it is a list.
        left_type: (ParamType, bool),
        /// Name of the right side.
        right: &'static str,
        /// Its type, and whether it is a list.
        right_type: (ParamType, bool),
    },
}

fn shown((ty, is_list): (ParamType, bool)) -> String {
    let list = if is_list { " (list)" } else { "" };
    format!("type '{}'{list}", type_name(ty))
}

/// Name of a type in Falco's messages, which has none for some.
fn type_name(ty: ParamType) -> &'static str {
    match ty {
        ParamType::Fd32 => ParamType::Fd.name(),
        ParamType::Pid32 => ParamType::Pid.name(),
        ParamType::Dyn => "DYNAMIC",
        ParamType::CharBufPairArray => "CHARBUF_PAIR_ARRAY",
        ParamType::Ipv6Addr | ParamType::Ipv6Net => "<NA>",
        other => other.name(),
    }
}

/// Falco cannot say on which events a condition can be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// The event's type is compared with a field.
    #[error(
        "right-hand field comparisons on `evt.type`/`syscall.type` checks are not supported by event code search"
    )]
    RightField,
    /// The event's type is transformed.
    #[error("event code search does not support `evt.type` checks with transformers")]
    Transformed,
}

/// Something that a condition should not do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Warning {
    /// Which warning it is.
    pub code: WarningCode,
    /// Falco's message.
    pub message: String,
    /// Place in the condition; for [`WarningCode::UnsafeNaCheck`] and [`WarningCode::DeprecatedItem`] it is all zeros,
    /// which stands for the condition as a whole.
    pub pos: Pos,
}

/// Kinds of [`Warning`], named as Falco's codes without `LOAD_`.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WarningCode {
    UnsafeNaCheck,
    DeprecatedItem,
    CompileCondition,
}
