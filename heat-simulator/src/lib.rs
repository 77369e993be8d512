//! OpenStack as an in-process HTTP server: for tests, demonstrations and benchmarks
