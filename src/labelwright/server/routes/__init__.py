"""The routes, one file a noun. A handler decodes, asks for access, does one thing, and encodes."""
