"""Raw documents, releases and visits: every figure as it was known on every day."""

from pillarfour.store.releases import Store
from pillarfour.store.visits import Visit

__all__ = ["Store", "Visit"]
