"""What each job and each request costs at 10,000, 100,000 and 1,000,000 items, on both databases: `python -m benchmarks.scale`."""
