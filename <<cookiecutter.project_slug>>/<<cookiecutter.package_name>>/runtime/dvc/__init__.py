"""What DVC says in the environment and leaves on disk; only this folder and the doctor know DVC."""
