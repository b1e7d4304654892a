"""What DVC leaves on disk and says in the environment; nothing else in the package knows DVC."""
