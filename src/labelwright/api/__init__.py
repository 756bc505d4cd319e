"""What a server and its clients say to each other: one class for both ends, by subject. These are values, and need no database."""
