"""One family of pages for people: quality, model card, drift; one style, the verdict first."""
