"""An account's settings as linked devices keep them in step: encrypted patches over collections (app state)."""
