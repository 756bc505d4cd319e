"""Everything that is kept: tables, the database, the log of events, blobs, and the reads that several packages share."""
