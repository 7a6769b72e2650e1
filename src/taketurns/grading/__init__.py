"""A whole class: what its students get back."""
