//! The shop at the shell: `shop --help` lists what it can do.

fn main() {}
