"""One dataclass for each group of ``conf/``, and the rules that its values must keep."""
