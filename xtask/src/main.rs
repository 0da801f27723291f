//! Build, serve, test.
fn main() {}
