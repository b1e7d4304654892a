"""From sources to training, validation and test rows; nothing is lost on the way."""
