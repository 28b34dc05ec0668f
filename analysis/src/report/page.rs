//! The forms of a report: HTML, Markdown, JSON. Templates stand beside this file; whatever they print is escaped by them, but for plots
//! and trees, which are made of escaped parts.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde_json::{Value, json};

use super::sheets::Sheet;
use super::{Report, Section};

/// A report that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template is wrong.
    #[error("the report cannot be made: {0:#}")]
    Template(#[from] minijinja::Error),
    /// A value cannot be written.
    #[error("the report cannot be made: {0}")]
    Json(#[from] serde_json::Error),
}

/// Rows that stand in the page itself, for readers without a script and for paper.
const FIRST: usize = 50;

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name {
        "page.html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.add_filter("md", |text: String| for_markdown(&text));
    environment
}

/// A page that needs nothing else: no file, no network.
///
/// # Errors
/// The template is wrong.
pub fn html(report: &Report) -> Result<String, Error> {
    let mut environment = environment();
    environment.add_template("page.html", include_str!("page.html"))?;
    let data: Vec<Value> = report
        .captures
        .iter()
        .map(|section| json!({ "alerts": section.alerts, "sheets": section.sheets }))
        .collect();
    let sections: Vec<Value> = report.captures.iter().map(head).collect();
    Ok(environment.get_template("page.html")?.render(context! {
        sections => Serde(sections),
        program => report.program.as_str(),
        rules => report.rules,
        style => include_str!("page.css"),
        script => include_str!("page.js"),
        data => for_script(&serde_json::to_string(&data)?),
    })?)
}

/// What stands in the page itself.
fn head(section: &Section) -> Value {
    let sheet = |sheet: &Sheet| {
        let rows = &sheet.rows[..sheet.rows.len().min(FIRST)];
        let rest = sheet.rows.len() - rows.len() + sheet.left;
        json!({ "name": sheet.name, "title": sheet.title, "columns": sheet.columns, "rows": rows, "left": sheet.left, "rest": rest })
    };
    let alerts = &section.alerts.alerts;
    json!({
        "facts": section.facts,
        "story": section.story,
        "plots": section.story.plots(),
        "tree": section.tree,
        "alerts": &alerts[..alerts.len().min(FIRST)],
        "left": section.alerts.left,
        "sheets": section.sheets.iter().map(sheet).collect::<Vec<_>>(),
    })
}

/// Markdown, for tickets and wikis.
///
/// # Errors
/// The template is wrong.
pub fn markdown(report: &Report) -> Result<String, Error> {
    let mut environment = environment();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("page.md", include_str!("page.md"))?;
    let sections: Vec<Value> = report.captures.iter().map(head).collect();
    let (program, rules) = (report.program.as_str(), report.rules);
    Ok(environment
        .get_template("page.md")?
        .render(context! { sections => Serde(sections), program, rules })?)
}

/// All of it as one JSON object.
///
/// # Errors
/// A value cannot be written.
pub fn json(report: &Report) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(report)?)
}

/// JSON that can stand in an element of a page: nothing in it can end the element.
fn for_script(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            other => text.push(other),
        }
    }
    text
}

/// Text that Markdown takes for nothing else, also in a table.
fn for_markdown(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => markdown.push_str("&lt;"),
            '&' => markdown.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~'
            | '>' | '$' | ':' => {
                markdown.extend(['\\', character]);
            }
            other => markdown.push(other),
        }
    }
    markdown
}
