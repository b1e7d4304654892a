"""Language models of Hugging Face as estimators; with the extra `transformers`."""

from typing import Any


def library() -> Any:
    """The package transformers, which then prints nothing of its own."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers
