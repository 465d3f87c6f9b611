"""The site as people meet it: a running one, and people who look at it through Chromium."""
