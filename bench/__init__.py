"""The benchmarks: each a module with `run() -> Report`."""
