"""The demo: reviewers made of rules, essays, and a course to look at. Production never imports it."""
