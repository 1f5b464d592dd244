//! Who is at the keyboard.

/// The login name; where nobody has said it, as in a container, the number of the user.
pub(crate) fn name() -> String {
    named(|variable| std::env::var(variable).ok()).unwrap_or_else(number)
}

fn named(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["USER", "LOGNAME"].into_iter().filter_map(variable).find(|it| !it.trim().is_empty())
}

#[cfg(unix)]
fn number() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}

/// Then it must be said by `--by`.
#[cfg(not(unix))]
fn number() -> String {
    String::new()
}
