//! The heat command: deploys Heat templates without a Heat service
fn main() {}
