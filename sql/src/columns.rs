//! What tables look like to SQLite.

use tercel_analysis::events::EventField;
use tercel_analysis::tables::{ColumnType, Table};

/// Columns of events before those of fields.
pub(crate) const BEFORE: usize = 2;

fn type_name(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::Time | ColumnType::Address | ColumnType::Text => "TEXT",
        ColumnType::Bool
        | ColumnType::Int
        | ColumnType::Count
        | ColumnType::Uint
        | ColumnType::Bytes
        | ColumnType::Span => "INTEGER",
    }
}

/// Columns with their types: the file, and those of the table.
pub(crate) fn of_table(table: Table) -> Vec<(String, &'static str)> {
    let own = table.info().columns.iter().map(|column| (column.name.to_owned(), type_name(column.ty)));
    std::iter::once(("file".to_owned(), "TEXT")).chain(own).collect()
}

/// Columns with their types. Values of fields have the types that `tercel events --json` gives them.
pub(crate) fn of_events() -> Vec<(String, &'static str)> {
    let fields = EventField::all().iter().map(|field| (field.name.replace('.', "_"), ""));
    [("file".to_owned(), "TEXT"), ("time".to_owned(), "TEXT")].into_iter().chain(fields).collect()
}

/// The statement that declares a table.
pub(crate) fn declaration(columns: &[(String, &'static str)]) -> String {
    let columns: Vec<String> = columns.iter().map(|(name, ty)| format!("\"{name}\" {ty}")).collect();
    format!("CREATE TABLE x({})", columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_unique() {
        let mut names: Vec<String> = of_events().into_iter().map(|(name, _)| name).collect();
        assert!(names.len() > 150 && names.contains(&"proc_cmdline".to_owned()), "{}", names.len());
        names.sort();
        assert!(names.windows(2).all(|two| two[0] != two[1]));
    }
}
