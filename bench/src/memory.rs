/// The most memory that this process has had at once, in MiB; none where the system does not say.
pub(crate) fn peak_rss_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|it| it.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Forgets the peak so far, so that the set-up does not count.
pub(crate) fn reset_peak_rss() {
    // Where it cannot be reset, the peak includes the set-up: more than the truth, never less.
    _ = std::fs::write("/proc/self/clear_refs", "5");
}
