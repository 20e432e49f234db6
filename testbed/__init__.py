"""The clouds and nodes that tests, benchmarks and the demo run on."""
