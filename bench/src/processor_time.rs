use std::time::Duration;

/// How long processors have worked for this process, in user and in system mode. On a machine that others use too, it says
/// more than the time on the wall.
pub(crate) fn processor_time() -> Option<Duration> {
    // What Linux counts in, on every machine that there is.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, may hold anything. The state follows it.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|it| it.parse::<u64>().ok());
    let ticks = ticks.sum::<Option<u64>>()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}
