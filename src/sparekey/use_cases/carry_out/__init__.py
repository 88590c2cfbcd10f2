"""What changes an account. Nothing else does, and nothing here runs without a permit. One module for each topic."""
