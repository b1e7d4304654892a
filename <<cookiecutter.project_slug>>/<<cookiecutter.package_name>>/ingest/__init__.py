"""Sources become one table: found, read by kind, protected, stacked and joined."""
