"""The demo: reviewers made of rules, essays, people and a course to look at. Production code never imports it."""
