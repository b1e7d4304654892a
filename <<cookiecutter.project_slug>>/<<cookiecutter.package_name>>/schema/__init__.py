"""A row's JSON Schema: read, its constraints as expressions, inferred from data, rows "
"synthesized.
"""
