//! SQL over captures: queries enter, rows leave. Every table of `tercel_analysis` and the events with all their fields are virtual tables of
//! SQLite; what a query says of time, type and process is used to read less of the captures. Nothing here knows the command line, and
//! nothing prints.
//!
//! All of it is behind the feature `sqlite`, since SQLite takes a minute to build. `unsafe` is only in `virtual_table.rs`, where rusqlite asks for it.
#![cfg(feature = "sqlite")]

mod columns;
mod source;
mod span;
mod stream;
#[allow(unsafe_code)]
mod virtual_table;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
pub use rusqlite::types::ValueRef;
use tercel_analysis::tables::Table;

pub use source::{Ended, Source};

/// The name of the table of events.
pub const EVENTS: &str = "events";

/// A query that has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refuses it.
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    /// Rows cannot be read, or take too much memory.
    #[error("{0}")]
    Rows(rusqlite::Error),
    /// The rows cannot be written.
    #[error("cannot write rows: {0}")]
    Output(std::io::Error),
    /// There is nothing to run.
    #[error("the query is empty")]
    Empty,
}

/// Captures as a database. Nothing can be written but temporary tables.
pub struct Database {
    connection: Connection,
    /// Columns of events that the current query reads.
    read: Arc<Mutex<HashSet<String>>>,
}

impl Database {
    /// The tables of captures.
    ///
    /// # Errors
    /// SQLite cannot be started.
    pub fn new(source: Source) -> Result<Database, Error> {
        let mut connection = Connection::open_in_memory()?;
        let read: Arc<Mutex<HashSet<String>>> = Arc::default();
        virtual_table::register(&connection, Arc::new(source), &read)?;
        let noted = Arc::clone(&read);
        connection.authorizer(Some(move |context: AuthContext<'_>| match context.action {
            AuthAction::Read { table_name, column_name } if table_name == EVENTS => {
                noted.lock().unwrap_or_else(PoisonError::into_inner).insert(column_name.to_owned());
                Authorization::Allow
            }
            // Files are read as captures, and written by other verbs.
            AuthAction::Attach { .. } | AuthAction::Detach { .. } => Authorization::Deny,
            _ => Authorization::Allow,
        }))?;
        Ok(Database { connection, read })
    }

    /// Answers a query: first `head` gets the names of the columns, then `row` each row.
    ///
    /// # Errors
    /// The query is invalid, takes too much memory, or a row cannot be written.
    pub fn query(
        &self,
        sql: &str,
        head: &mut dyn FnMut(&[String]) -> std::io::Result<()>,
        row: &mut dyn FnMut(&[ValueRef<'_>]) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut statement = self.connection.prepare(sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        if names.is_empty() {
            statement.execute([])?;
            return Ok(());
        }
        head(&names).map_err(Error::Output)?;
        let mut rows = statement.query([])?;
        while let Some(found) = rows.next().map_err(Error::Rows)? {
            let mut values = Vec::with_capacity(names.len());
            for index in 0..names.len() {
                values.push(found.get_ref(index)?);
            }
            row(&values).map_err(Error::Output)?;
        }
        Ok(())
    }
}

/// Names of the tables and their columns, each with its type.
pub fn schema() -> Vec<(&'static str, Vec<(String, &'static str)>)> {
    let of_table = |table: &Table| (table.info().name, columns::of_table(*table));
    std::iter::once((EVENTS, columns::of_events())).chain(Table::ALL.iter().map(of_table)).collect()
}
