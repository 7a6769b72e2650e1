from contextlib import contextmanager


class RequestContext:
    def __init__(self):
        self._own = threading.local()

    @contextmanager
    def _serving(self, card):
        self._own.cards = [card]
        try:
            yield
        finally:
            self._own.cards.pop()

    def card(self):
        cards = getattr(self._own, "cards", None)
        return cards[-1] if cards else None

    def serve(self, card, work):
        with self._serving(card):
            return work()
