"""How predictors of a framework are saved and loaded: a module each, named in the contract."""
