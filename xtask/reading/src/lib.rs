//! What reading and checking templates costs: texts to read, the main ways through the language, how many instructions
//! they take, and how much memory.

pub mod counts;
#[allow(unsafe_code, reason = "an allocator is unsafe by its trait; the module says why this one is sound")]
pub mod memory;
#[allow(unsafe_code, reason = "the port has C's interface; the module says why its use is safe")]
pub mod port;
pub mod processor;
pub mod texts;
pub mod types;
pub mod valgrind;
pub mod work;
