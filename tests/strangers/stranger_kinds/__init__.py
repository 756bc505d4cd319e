"""Two kinds of answers: a rating in stars, and outlines of things in a picture."""
