"""What REST, GraphQL and the web API have in common: around every request, and what a handler needs of it."""
