"""The benchmarks. Each is a module with `run() -> Report`."""
