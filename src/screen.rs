//! Where text is printed: the width of the terminal, and whether it shows colours.

use console::Term;
use tercel_ruletest::Screen;

/// Smallest and largest width of text, whatever the width of the terminal.
const COLUMNS: (usize, usize) = (60, 240);

/// Colours if standard output is a terminal that shows them (NO_COLOR is honoured), and its width.
pub fn of_stdout() -> Screen {
    let columns = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    Screen {
        colours: console::colors_enabled(),
        columns: columns.map_or(Screen::default().columns, |columns| columns.clamp(COLUMNS.0, COLUMNS.1)),
    }
}
