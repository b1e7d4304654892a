"""A row's JSON Schema: reading it, its rules as expressions, inference, synthetic rows."""
