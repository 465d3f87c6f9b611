"""How the product is put into service."""
