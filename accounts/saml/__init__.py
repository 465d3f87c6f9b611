"""Signing in by SAML 2.0: a small app of its own, installed only when SAML is configured (requirements-saml.txt)."""
