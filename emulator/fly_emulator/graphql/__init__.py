"""POST /graphql: the part of Fly.io's GraphQL API that flyctl and its kin use, by a real executor."""
