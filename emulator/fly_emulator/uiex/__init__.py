"""/api/v1: the REST API of Fly's web side that flyctl uses for organisations, releases and builds."""
