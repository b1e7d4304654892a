"""The owner's room: estimators, transforms, metrics and readers, named in conf/ by dotted name.

Nothing of the framework imports what stands here; conf/ names it. A class or function that a module
here defines may stand in a model file.
"""
