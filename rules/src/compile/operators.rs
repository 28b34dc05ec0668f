//! Which operator works on which type (reference language 3.6 to 3.8).

use tercel_format::catalogue::ParamType;

use super::error::OperatorError;
use super::forms::Reading;
use crate::program::{Op, Quantifier};

/// An operator as a condition writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// One of the operators with a single right side, perhaps with a modifier.
    Plain(Op, Option<Quantifier>),
    /// `in`
    In,
    /// `intersects`
    Intersects,
    /// `pmatch`
    Pmatch,
}

impl Operator {
    /// The operator written as `text`: an operator, or an operator, a blank and a modifier.
    pub(super) fn parse(text: &str) -> Result<Operator, OperatorError> {
        let (op, modifier) = match text.split_once(' ') {
            Some((op, modifier)) => (op, Some(modifier)),
            None => (text, None),
        };
        let quantifier = match modifier {
            None => None,
            Some("oneof") => Some(Quantifier::OneOf),
            Some("anyof") => Some(Quantifier::AnyOf),
            Some("allof") => Some(Quantifier::AllOf),
            Some(other) => return Err(OperatorError::UnknownModifier(other.to_owned())),
        };
        let op = match op {
            "in" => return Ok(Operator::In),
            "intersects" => return Ok(Operator::Intersects),
            "pmatch" => return Ok(Operator::Pmatch),
            "=" | "==" => Op::Eq,
            "!=" => Op::Ne,
            "<" => Op::Lt,
            "<=" => Op::Le,
            ">" => Op::Gt,
            ">=" => Op::Ge,
            "contains" => Op::Contains,
            "icontains" => Op::IContains,
            "bcontains" => Op::BContains,
            "startswith" => Op::StartsWith,
            "bstartswith" => Op::BStartsWith,
            "endswith" => Op::EndsWith,
            "glob" => Op::Glob,
            "iglob" => Op::IGlob,
            "regex" => Op::Regex,
            other => return Err(OperatorError::UnknownOperator(other.to_owned())),
        };
        Ok(Operator::Plain(op, quantifier))
    }

    /// How it takes its literals.
    pub(super) fn reading(self) -> Reading {
        match self {
            Operator::In | Operator::Intersects | Operator::Pmatch => Reading::Set,
            Operator::Plain(Op::Regex, _) => Reading::Regex,
            Operator::Plain(Op::BContains | Op::BStartsWith, _) => Reading::Hex,
            Operator::Plain(..) => Reading::Plain,
        }
    }

    /// The operator's text in messages, without modifier.
    pub(super) fn text(self) -> &'static str {
        match self {
            Operator::In => "in",
            Operator::Intersects => "intersects",
            Operator::Pmatch => "pmatch",
            Operator::Plain(op, _) => match op {
                Op::Eq => "=",
                Op::Ne => "!=",
                Op::Lt => "<",
                Op::Le => "<=",
                Op::Gt => ">",
                Op::Ge => ">=",
                Op::Contains => "contains",
                Op::IContains => "icontains",
                Op::BContains => "bcontains",
                Op::StartsWith => "startswith",
                Op::BStartsWith => "bstartswith",
                Op::EndsWith => "endswith",
                Op::Glob => "glob",
                Op::IGlob => "iglob",
                Op::Regex => "regex",
            },
        }
    }

    fn is_quantified(self) -> bool {
        matches!(self, Operator::Plain(_, Some(_)))
    }
}

/// Refuses an operator that the type does not have.
pub(super) fn check(operator: Operator, ty: ParamType, list: bool) -> Result<(), OperatorError> {
    if list {
        return check_list(operator, ty);
    }
    let family = Family::of(ty);
    let (allowed, what) = match family {
        Family::Number => (numbers(operator), "numeric"),
        Family::Bool => (equality(operator), "numeric"),
        Family::Text => (texts(operator), "string"),
        Family::Bytes => (buffers(operator), "buffer"),
        Family::Network => (equality(operator), "ip address and network"),
        Family::Other => return Err(OperatorError::Type(operator.text(), ty)),
    };
    match allowed {
        true => Ok(()),
        false if family == Family::Network && operator.is_quantified() => {
            Err(OperatorError::ModifierOnNetwork(operator.text()))
        }
        false => Err(OperatorError::Kind(operator.text(), what)),
    }
}

fn check_list(operator: Operator, ty: ParamType) -> Result<(), OperatorError> {
    match ty {
        ParamType::CharBuf
        | ParamType::Uint64
        | ParamType::RelTime
        | ParamType::AbsTime
        | ParamType::Bool
        | ParamType::IpAddr
        | ParamType::IpNet => {}
        _ => return Err(OperatorError::ListOfType(ty)),
    }
    match operator {
        Operator::In | Operator::Intersects => Ok(()),
        Operator::Pmatch | Operator::Plain(..) => Err(OperatorError::List(operator.text())),
    }
}

/// Families of types that share their operators.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Bool,
    Text,
    Bytes,
    Network,
    Other,
}

impl Family {
    fn of(ty: ParamType) -> Family {
        use ParamType as T;
        match ty {
            T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::Uint8 | T::Uint16 | T::Uint32 | T::Uint64 => {
                Family::Number
            }
            T::Errno | T::Fd | T::Pid | T::Fd32 | T::Pid32 | T::SyscallId | T::SigType => Family::Number,
            T::RelTime | T::AbsTime | T::Port | T::Double | T::Mode => Family::Number,
            T::Flags8 | T::Flags16 | T::Flags32 | T::EnumFlags8 | T::EnumFlags16 | T::EnumFlags32 => {
                Family::Number
            }
            T::Bool => Family::Bool,
            T::Ipv4Addr | T::Ipv4Net | T::Ipv6Addr | T::Ipv6Net | T::IpAddr | T::IpNet => Family::Network,
            T::CharBuf | T::FsPath | T::FsRelPath => Family::Text,
            T::ByteBuf => Family::Bytes,
            T::None | T::SockAddr | T::SockTuple | T::FdList | T::L4Proto | T::SockFamily | T::Dyn => {
                Family::Other
            }
            T::Uid | T::Gid | T::SigSet | T::CharBufArray | T::CharBufPairArray => Family::Other,
        }
    }
}

fn equality(operator: Operator) -> bool {
    matches!(operator, Operator::Plain(Op::Eq | Op::Ne, _) | Operator::In | Operator::Intersects)
}

fn numbers(operator: Operator) -> bool {
    equality(operator) || matches!(operator, Operator::Plain(Op::Lt | Op::Le | Op::Gt | Op::Ge, _))
}

fn texts(operator: Operator) -> bool {
    !matches!(operator, Operator::Plain(Op::BContains | Op::BStartsWith, _))
}

fn buffers(operator: Operator) -> bool {
    let contains = matches!(operator, Operator::Plain(Op::Contains | Op::BContains, _));
    let edges = matches!(operator, Operator::Plain(Op::StartsWith | Op::EndsWith | Op::BStartsWith, _));
    equality(operator) || contains || edges
}
