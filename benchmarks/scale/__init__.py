"""How jobs and requests grow with the project."""
