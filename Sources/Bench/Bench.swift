// placeholder Bench
