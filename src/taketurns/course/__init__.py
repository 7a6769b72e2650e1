"""The course's notebooks: their canonical form, their release, and trying answers against them."""
