//! Tables, as wide as whoever reads them can see.

use std::io::{IsTerminal, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};

use crate::{error::CliError, look::cut};

/// Of all columns but the last, where room is short.
const WIDEST_CELL: usize = 26;
/// What the last column needs, which says most.
const ROOM_FOR_THE_LAST: usize = 30;
const WIDTH_OF_MOST_TERMINALS: usize = 80;

/// How many characters fit into a line: as `COLUMNS` says, or the terminal. None when there is no terminal: then nothing is
/// cut, so that programs and files get all of it.
pub(crate) fn line_width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok()).filter(|it| *it > 0);
    said.or_else(|| std::io::stdout().is_terminal().then(terminal_width))
}

#[cfg(unix)]
fn terminal_width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    let columns = size.map_or(0, |it| usize::from(it.ws_col));
    if columns > 0 { columns } else { WIDTH_OF_MOST_TERMINALS }
}

#[cfg(not(unix))]
fn terminal_width() -> usize {
    WIDTH_OF_MOST_TERMINALS
}

/// Writes rows under headings. What does not fit into the last column goes on in the next line.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: Vec<[String; N]>,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    Ok(writeln!(out, "{}", drawn(headings, &rows, line_width()))?)
}

fn drawn<const N: usize>(headings: [&str; N], rows: &[[String; N]], line: Option<usize>) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|it| it.get(column)).map(|it| it.chars().count());
        cells.chain(headings.get(column).map(|it| it.len())).max().unwrap_or(0)
    };
    let last = N.saturating_sub(1);
    // Two spaces stand between columns and one on each side of a cell.
    let taken = |widest: usize| (0..last).map(|it| width(it).min(widest) + 3).sum::<usize>();
    let has_room = line.is_none_or(|it| taken(usize::MAX) + ROOM_FOR_THE_LAST <= it);
    let widest = if has_room { usize::MAX } else { WIDEST_CELL };

    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_header(headings);
    for row in rows {
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, it)| cut(it, if column == last { usize::MAX } else { widest }));
        table.add_row(cells.collect::<Vec<_>>());
    }
    if let Some(line) = line {
        let room = line.max(taken(widest) + ROOM_FOR_THE_LAST);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(room).unwrap_or(u16::MAX));
        for column in table.column_iter_mut().take(last) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

/// Text in lines of at most so many characters, broken at spaces where that can be.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let (width, mut lines) = (width.max(1), vec![String::new()]);
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
            let Some(line) = lines.last_mut() else { return lines };
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + word.len() <= width {
                line.extend(std::iter::repeat_n(' ', gap).chain(word.drain(..)));
            } else if used > 0 {
                lines.push(String::new());
            } else {
                line.extend(word.drain(..width));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> [[String; 2]; 1] {
        [["order/4572e2db-42f8-522c-b2df-04db".to_owned(), "no box fits this product ".repeat(9)]]
    }

    #[test]
    fn nothing_is_cut_without_a_terminal() {
        let drawn = drawn(["stream", "why"], &rows(), None);

        assert!(drawn.contains(rows()[0][1].trim()) && drawn.contains(&rows()[0][0]), "{drawn}");
    }

    #[test]
    fn the_last_column_goes_on_in_the_next_line_and_no_line_is_too_wide() {
        for line in [60, 80, 200] {
            let drawn = drawn(["stream", "why"], &rows(), Some(line));

            assert_eq!(drawn.matches("product").count(), 9, "{drawn}");
            assert!(drawn.lines().all(|it| it.chars().count() <= line), "{line}:\n{drawn}");
            assert_eq!(drawn.contains(&rows()[0][0]), line >= 80, "{drawn}");
        }
    }

    #[test]
    fn text_is_broken_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrapped("the handler has failed", 11), ["the handler", "has failed"]);
        assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    }
}
