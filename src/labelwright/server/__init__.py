"""The server: HTTP in front of the pipeline. Handlers decode, ask `access`, do one thing, and encode."""
