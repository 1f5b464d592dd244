//! The output in `docs/operate.md` is what the programs print.

use crate::broken_shop::BrokenShop;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate.md");

/// Where the guide lets the shop be started again, repaired.
const REPAIRED: &str = "<!-- The shop is started again, repaired. -->";

/// Runs each command of the guide, in its order, and compares what follows it. With `UPDATE_GUIDE` set, the guide is
/// written again from what they print.
#[test]
fn the_guide_shows_what_the_programs_print() {
    let guide = std::fs::read_to_string(GUIDE).unwrap();

    let written = run_commands(&guide, BrokenShop::open());

    if std::env::var_os("UPDATE_GUIDE").is_some() {
        return std::fs::write(GUIDE, &written).unwrap();
    }
    assert_eq!(normalised(&written), normalised(&guide), "UPDATE_GUIDE=1 writes the guide again");
}

/// The guide, with the output of each of its blocks that begin with `$ procession` made anew.
fn run_commands(guide: &str, mut shop: BrokenShop) -> String {
    let (mut written, mut lines) = (String::new(), guide.lines());
    while let Some(line) = lines.next() {
        written += line;
        written.push('\n');
        if line == REPAIRED {
            shop = shop.repaired();
        }
        let Some(command) = line.strip_prefix("$ procession ") else { continue };
        let ran = shop.folder.procession_on_columns(80, &words(command));
        written += ran.stdout.trim_end();
        written += ran.stderr.trim_end();
        written += &format!("\n[exit code {}]\n```\n", ran.exit);
        lines.by_ref().take_while(|it| *it != "```").for_each(drop);
    }
    written
}

/// The words of a command line, some of them in single quotes.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(
        |(index, part)| {
            if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
        },
    );
    words.collect()
}

/// Without what differs from run to run: times and ages, and the spaces that stand where they are longer or shorter.
fn normalised(text: &str) -> String {
    let is_time = |word: &&str| {
        let digits = word.trim_matches(['(', ')', '+', ',', '.']);
        let first = digits.chars().next().is_some_and(|it| it.is_ascii_digit());
        first && digits.ends_with(['s', 'm', 'h', 'd', 'Z'])
            || digits.len() == 10 && digits.matches('-').count() == 2
    };
    // What goes on in the next line of a table may be broken elsewhere.
    let text = text.replace(&format!("\n{:30}", ""), " ");
    let line = |line: &str| line.split_whitespace().filter(|it| !is_time(it)).collect::<Vec<_>>().join(" ");
    text.lines().map(line).filter(|it| !it.chars().all(|it| it == '─')).collect::<Vec<_>>().join("\n")
}
