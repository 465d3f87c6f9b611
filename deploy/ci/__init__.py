"""Running the whole suite as CI does: with a browser, and on a real PostgreSQL and Redis of its own."""
