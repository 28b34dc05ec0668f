//! What lists were compiled to: a list that many conditions name is parsed once per type and kind of operator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tercel_format::catalogue::ParamType;

use crate::ast::Part;
use crate::fields::Field;
use crate::program::{Literal, Shared};

/// On what the literals of a list depend besides its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FormKey {
    /// Type of the left side.
    pub(super) ty: ParamType,
    /// The field on the left, if literals against it are judged otherwise than by its type.
    pub(super) field: Option<Field>,
    /// How the operator takes them.
    pub(super) reading: Reading,
}

/// How an operator takes its literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    /// Each once.
    Set,
    /// All of them, as they are.
    Plain,
    /// As patterns.
    Regex,
    /// As hexadecimal text.
    Hex,
}

/// A list as the program holds it.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) literals: Shared<Literal>,
    /// The literals as paths, once they were asked for.
    pub(super) paths: Option<Shared<Box<[u8]>>>,
    /// Falco's warnings about the values.
    pub(super) warnings: Vec<String>,
}

/// Compiled lists, shared by compilers. Each is kept with its values, so that no other list gets their address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forms(Arc<Mutex<Known>>);

/// Forms by the address of their values.
type Known = HashMap<(usize, FormKey), (Part, Form)>;

impl Forms {
    pub(super) fn get(&self, values: &Part, key: FormKey) -> Option<Form> {
        self.kept().get(&(address(values), key)).map(|(_, form)| form.clone())
    }

    /// Forgets lists that only this knows.
    pub(crate) fn forget_unused(&self) {
        self.kept().retain(|_, (values, _)| Arc::strong_count(values) > 1);
    }

    pub(super) fn keep(&self, values: &Part, key: FormKey, form: &Form) {
        self.kept().insert((address(values), key), (values.clone(), form.clone()));
    }

    fn kept(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn address(values: &Part) -> usize {
    values.as_ptr().addr()
}
