"""The benchmarks: what they take and what their last line tells."""
