"""The platform: what an app is and owns, and the rules for changing it.

Plain functions and records over the store, with errors that know no HTTP (`errors`). REST, GraphQL and the web API are
its faces; none of them changes the store by itself. Every change happens in a `store.changing(...)` block, which saves.
"""
